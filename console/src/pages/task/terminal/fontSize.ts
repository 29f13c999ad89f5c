import { useState } from 'react'

const STORAGE_KEY = 'muster-terminal-size'
const SIZES = [11, 12, 13, 14, 16, 18, 21]

/** Returns the terminal's font size in pixels. Stored in this browser. */
export function useFontSize(): [number, (pixels: number) => void] {
  const [size, setSize] = useState(storedSize)
  const choose = (pixels: number) => {
    localStorage.setItem(STORAGE_KEY, String(pixels))
    setSize(pixels)
  }
  return [size, choose]
}

/** Returns the next larger size; after the largest, the smallest. */
export function nextSize(size: number): number {
  return SIZES[(SIZES.indexOf(size) + 1) % SIZES.length] ?? 13
}

function storedSize(): number {
  const size = Number(localStorage.getItem(STORAGE_KEY))
  if (SIZES.includes(size)) return size
  return matchMedia('(max-width: 719px)').matches ? 11 : 13
}
