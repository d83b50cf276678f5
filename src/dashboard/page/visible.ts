import type { RefObject, TargetedEvent } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

interface Visible {
  /** The element that scrolls. */
  readonly box: RefObject<HTMLDivElement | null>
  /** The range of rows to draw; `last` is exclusive. */
  readonly first: number
  readonly last: number
  readonly onScroll: (event: TargetedEvent<HTMLDivElement>) => void
}

/** How many rows to draw above and below the visible ones. */
const MARGIN = 8

/** Finds the visible rows among many rows of equal height. */
export function useVisible(rows: number, rowHeight: number): Visible {
  const box = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  const [height, setHeight] = useState(900)
  useEffect(() => {
    const element = box.current
    if (!element) return undefined
    const observer = new ResizeObserver(() => setHeight(element.clientHeight))
    observer.observe(element)
    return () => observer.disconnect()
  }, [rows === 0])
  const first = Math.max(0, Math.min(Math.floor(top / rowHeight) - MARGIN, rows - 1))
  return {
    box,
    first,
    last: Math.min(rows, first + Math.ceil(height / rowHeight) + 2 * MARGIN),
    onScroll: event => setTop(event.currentTarget.scrollTop),
  }
}
