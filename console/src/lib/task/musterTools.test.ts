import { expect, it } from 'vitest'
import { isMusterTool } from './musterTools'

it.each([
  ['mcp__muster__ask_human', true],
  ['muster.reply_comment', true],
  ['muster_progress', true],
  ['mcp_muster_progress', true],
  ['progress (muster MCP Server)', true],
  ['muster', false],
  ['mcp__muster__delete_all', false],
  ['mcp__mustermark__progress', false],
  ['grep muster.progress', false],
  ['progress', false],
])('%s is one of our own tools: %s', (tool, is) => expect(isMusterTool(tool)).toBe(is))
