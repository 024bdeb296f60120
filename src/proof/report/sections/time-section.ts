import { type Html, html } from '../html/html.ts'

/** Where the page's script draws: operations, latency and rate on one axis of time. */
export function timeSection(hasTimes: boolean): Html {
  return html`<section id="time" aria-labelledby="time-title" class="scripted">
<div class="head"><h2 id="time-title">Operations over time</h2>
<div class="tools" role="toolbar" aria-label="Zoom"><output id="range" aria-live="polite"></output><button type="button" id="zoom-out" title="Zoom out (−)" aria-label="Zoom out">−</button><button type="button" id="zoom-in" title="Zoom in (+)" aria-label="Zoom in">+</button><button type="button" id="zoom-all" title="The whole run (0)">Whole run</button></div></div>
<p class="legend"><span class="key ok">ok</span><span class="key failed">failed</span><span class="key unknown">unknown</span><span class="key wrong">in an anomaly</span><span class="key fault">fault</span><span class="hint">Drag over a chart to zoom in, double-click to see the whole run; arrow keys go from one operation to the next.</span></p>
<div class="chart" id="overview"><canvas role="img" aria-label="The whole run; the frame is what the charts below show"></canvas></div>
<div class="chart" id="timeline"><canvas tabindex="0" role="application" aria-label="Timeline of operations, a row for each client. Left and right go to the next operation of the row, up and down to another row, plus and minus zoom, Enter shows the operation in the table." aria-describedby="operation"></canvas></div>
<p class="note under">A row is a client; after an unknown outcome it goes on as another process, which <b>+3</b> counts.</p>
<aside id="operation" aria-live="polite" hidden></aside>
${
  hasTimes &&
  html`<h3>Latency <span class="quiet">of each call by function, with <i class="line">median</i> and <i class="line p99">p99</i> of those that were acknowledged</span></h3>
<div class="chart" id="latency"><canvas role="img" aria-label="Latency of calls over time, on a logarithmic scale"></canvas></div>
<h3>Rate <span class="quiet">calls that ended, each second</span></h3>
<div class="chart" id="rate"><canvas role="img" aria-label="Calls that ended each second, by outcome"></canvas></div>`
}
<div id="tip" hidden></div>
</section>`
}
