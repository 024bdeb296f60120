/**
 * Whether the progress that this version tells on request includes all changes before it. Before 3.4.25 and 3.5.8 it could
 * overtake changes that were on their way (etcd-io/etcd#15220): there it only shows that etcd is alive.
 */
export function hasExactProgress(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number)
  if (major !== 3) return major > 3
  if (minor === 4) return patch >= 25
  return minor === 5 ? patch >= 8 : minor > 5
}
