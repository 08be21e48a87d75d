// Draws an object of a ROOT file with JSROOT in Chromium and saves the picture: node jsroot_peer.mjs FILE OBJECT PICTURE
// Prints the seconds of the browser's start, of the page with JSROOT, and from the file to the picture, and the page's memory.

import { createServer } from 'node:http';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import packed from '@sparticuz/chromium';
import { chromium } from 'playwright-core';

const [file, object, picture] = process.argv.slice(2);
const page_text = `<!doctype html><body style="margin:0"><div id="plot" style="width:900px;height:560px"></div>
<script src="/jsroot.js"></script></body>`;
const routes = {
  '/': ['text/html', () => page_text],
  '/jsroot.js': ['text/javascript', () => readFileSync('node_modules/jsroot/build/jsroot.min.js')],
  '/file.root': ['application/octet-stream', () => readFileSync(file)],
};
const server = createServer((request, response) => {
  const route = routes[request.url];
  if (!route) return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': route[0] }).end(route[1]());
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));

// Unpacking the browser is not its start.
const executablePath = await packed.executablePath();
const seconds = () => Number(process.hrtime.bigint()) / 1e9;
const began = seconds();
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'], headless: true });
const page = await browser.newPage({ viewport: { width: 900, height: 560 } });
const started = seconds();
await page.goto(`http://127.0.0.1:${server.address().port}/`);
await page.waitForFunction(() => window.JSROOT?.draw);
const loaded = seconds();
await page.evaluate(async (object) => {
  const bytes = await (await fetch('/file.root')).arrayBuffer();
  const file = await JSROOT.openFile(bytes);
  const read = await file.readObject(object);
  await JSROOT.draw('plot', read, object === 'map' ? 'colz' : 'p');
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}, object);
await page.screenshot({ path: picture });
const drawn = seconds();
// Resident memory of this process's descendants that render pages.
const lines = execFileSync('ps', ['-eo', 'pid,ppid,rss,args']).toString().split('\n').map((line) => line.trim().split(/\s+/));
const mine = new Set([String(process.pid)]);
for (let again = 0; again < 5; again += 1) for (const [pid, parent] of lines) if (mine.has(parent)) mine.add(pid);
const pages = lines.filter((line) => mine.has(line[0]) && line.includes('--type=renderer'));
const memory_mb = pages.reduce((sum, line) => Math.max(sum, Number(line[2]) / 1000), 0);
await browser.close();
server.close();
console.log(JSON.stringify({ start_s: started - began, load_s: loaded - started, draw_s: drawn - loaded, memory_mb }));
