import type { RefObject, TargetedEvent } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

interface Visible {
  /** The element that scrolls. */
  readonly box: RefObject<HTMLDivElement | null>
  /** The rows to draw: from the first one to before the last one. */
  readonly first: number
  readonly last: number
  readonly onScroll: (event: TargetedEvent<HTMLDivElement>) => void
}

/** Rows drawn above and below those that can be seen. */
const MARGIN = 8

/** Which of many rows of the same height are worth drawing: those that can be seen. */
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
