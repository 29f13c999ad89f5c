import { type ComponentType, lazy } from 'react'
import { loadWhenOnline } from '../lib/net/onlineRetry'

/** Wraps a component whose code is loaded when it is first rendered. */
// biome-ignore lint/suspicious/noExplicitAny: like React's `lazy`, for components with any props
export const lazyComponent = <Piece extends ComponentType<any>>(
  load: () => Promise<{ default: Piece }>,
) => lazy(() => loadWhenOnline(load))
