#!/usr/bin/env node
// `npx dure` in a checkout finds the command here, among what is installed.
import '../dure.js'
