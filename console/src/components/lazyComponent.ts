import { type ComponentType, lazy } from 'react'
import { loadWhenOnline } from '../lib/net/onlineRetry'

/** A piece that is fetched when it is first shown. */
// biome-ignore lint/suspicious/noExplicitAny: as React's own `lazy`, for pieces of any properties
export const lazyComponent = <Piece extends ComponentType<any>>(
  load: () => Promise<{ default: Piece }>,
) => lazy(() => loadWhenOnline(load))
