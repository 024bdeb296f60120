import { InvalidArgumentError } from 'commander'

/** For commander: a whole number in words that say what was expected. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`Use a whole number from ${min} to ${max}.`)
  }
}

/** For commander: `host:port`, several between commas. */
export function addressList(text: string): string[] {
  const addresses = text.split(',').map((address) => address.trim())
  for (const address of addresses) {
    const port = Number(/^(?:\[[0-9a-fA-F:]+\]|[^:[\]\s]+):(\d{1,5})$/.exec(address)?.[1])
    if (!(port >= 1 && port <= 65_535)) {
      throw new InvalidArgumentError(
        `${JSON.stringify(address)} is no address. Use host:port, for example 127.0.0.1:7001.`,
      )
    }
  }
  return addresses
}
