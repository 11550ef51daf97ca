/** Return seconds as minutes and seconds, `1:05`. */
export function formatLength(seconds: number): string {
  const whole = Math.round(seconds)
  return `${String(Math.floor(whole / 60))}:${String(whole % 60).padStart(2, '0')}`
}
