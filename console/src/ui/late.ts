import { type ComponentType, lazy } from 'react'
import { whenOnline } from '../lib/whenOnline'

/** A piece that is fetched when it is first shown. */
// biome-ignore lint/suspicious/noExplicitAny: as React's own `lazy`, for pieces of any properties
export const late = <Piece extends ComponentType<any>>(load: () => Promise<{ default: Piece }>) =>
  lazy(() => whenOnline(load))
