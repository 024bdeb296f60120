/** What to do about a node whose data is lost or damaged, in words that fit into a sentence. */
export const REPLACE_NODE =
  'replace it by a new node, under a number that was never used: dure member replace OLD NEW, or dure member remove OLD and dure member add NEW'
