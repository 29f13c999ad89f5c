import { useInfiniteQuery } from '@tanstack/react-query'
import { api, data, type Schemas } from '../api/client'
import { cache } from './cache'
import { cursorList } from './pagination'

const LIMIT = 100

const bots = cursorList(['admin', 'bots'], (cursor) =>
  data(api.GET('/api/admin/bots', { params: { query: { limit: LIMIT, cursor } } })),
)
const bindings = cursorList(['admin', 'bindings'], (cursor) =>
  data(api.GET('/api/admin/bots/all-bindings', { params: { query: { limit: LIMIT, cursor } } })),
)
type DeliveryFilter = { state?: Schemas['Delivery']['state']; botId?: number }
const deliveries = (filter: DeliveryFilter) =>
  cursorList(['admin', 'deliveries', filter], (cursor) =>
    data(api.GET('/api/admin/deliveries', { params: { query: { ...filter, cursor } } })),
  )

export const useBots = () => useInfiniteQuery(bots)
export const useBindings = () => useInfiniteQuery(bindings)
export const useDeliveries = (filter: DeliveryFilter) => useInfiniteQuery(deliveries(filter))

const pathParams = (botId: number) => ({ params: { path: { botId } } })
const invalidate = (what: string) => cache.invalidateQueries({ queryKey: ['admin', what] })

export async function createBot(body: Schemas['NewBot']) {
  await data(api.POST('/api/admin/bots', { body }))
  await invalidate('bots')
}

export async function changeBot(botId: number, body: Schemas['BotUpdate']) {
  await data(api.PUT('/api/admin/bots/{botId}', { ...pathParams(botId), body }))
  await invalidate('bots')
}

export async function deleteBot(botId: number) {
  await data(api.DELETE('/api/admin/bots/{botId}', pathParams(botId)))
  await Promise.all([invalidate('bots'), invalidate('bindings'), invalidate('deliveries')])
}

export const testBot = (botId: number, chatId: string | null) =>
  data(api.POST('/api/admin/bots/{botId}/test', { ...pathParams(botId), body: { chatId } }))

export async function bindChat(botId: number, body: Schemas['NewBinding']) {
  await data(api.POST('/api/admin/bots/{botId}/bindings', { ...pathParams(botId), body }))
  await invalidate('bindings')
}

export async function unbindChat(botId: number, bindingId: number) {
  const params = { path: { botId }, query: { bindingId } }
  await data(api.DELETE('/api/admin/bots/{botId}/bindings', { params }))
  await invalidate('bindings')
}

export async function retryDelivery(deliveryId: number) {
  const params = { path: { deliveryId } }
  await data(api.POST('/api/admin/deliveries/{deliveryId}/retry', { params }))
  await invalidate('deliveries')
}

export const refreshDeliveries = () => invalidate('deliveries')
