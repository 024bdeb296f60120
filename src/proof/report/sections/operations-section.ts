import { type Html, html } from '../html/html.ts'

/** Where the page's script lists operations. */
export function operationsSection(functions: readonly string[], anomalies: number): Html {
  return html`<section id="operations" aria-labelledby="operations-title" class="scripted">
<div class="head"><h2 id="operations-title">All operations</h2><output id="found" aria-live="polite"></output></div>
<form id="filter" role="search" aria-label="Filter operations">
<label>Process<input name="process" inputmode="numeric" placeholder="any" autocomplete="off" size="6"></label>
<label>Function<select name="f"><option value="">any</option>${functions.map((f, i) => html`<option value="${i}">${f}</option>`)}</select></label>
<label>Outcome<select name="outcome"><option value="">any</option><option value="0">ok</option><option value="1">failed</option><option value="2">unknown</option></select></label>
<label>Key<input name="key" placeholder="any" autocomplete="off" size="8"></label>
<label class="wide">Value, answer or error<input name="text" type="search" placeholder="contains …" autocomplete="off"></label>
<label class="check"><input type="checkbox" name="shown">only what the charts show</label>
${anomalies > 0 && html`<label class="check"><input type="checkbox" name="anomalous">only in anomalies</label>`}
<button type="reset">Clear</button>
</form>
<div class="scroll"><table id="list"><thead><tr><th scope="col" aria-sort="ascending"><button type="button" data-sort="call">Event</button></th><th scope="col">Time</th><th scope="col"><button type="button" data-sort="process">Process</button></th><th scope="col">Function</th><th scope="col">Key</th><th scope="col">Value</th><th scope="col">Answer</th><th scope="col">Outcome</th><th scope="col"><button type="button" data-sort="duration">Latency</button></th></tr></thead><tbody></tbody></table></div>
<nav class="pages" aria-label="Pages of operations"><button type="button" id="page-first" aria-label="First page">⇤</button><button type="button" id="page-before">Before</button><output id="page"></output><button type="button" id="page-next">Next</button><button type="button" id="page-last" aria-label="Last page">⇥</button></nav>
</section>`
}
