import { raftDefaults } from '../config.ts'

/** The times that tests and transcripts are written for, whatever suits real clusters. */
export const testConfig = { ...raftDefaults, electionTimeoutMs: 300, heartbeatIntervalMs: 50 } as const
