// pages.mjs - looks at pages in headless Chromium, over its devtools pipe, without packages.
//
//	node pages.mjs BASE DIR NAME=PATH...
//
// Each page is opened light, dark and at the width of a small phone; one line of JSON each says
// what the browser found: is it as wide as the window, are headings in order, has all text a
// contrast of 4.5 (WCAG 2), what ids are there twice.  The page "missing" is one with status 404.  Screenshots go to DIR, unless that is "-".
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';

const [base, dir, ...pages] = process.argv.slice(2);
const profile = mkdtempSync(tmpdir() + '/hermod-chromium.');
const chromium = spawn(process.env.CHROMIUM, ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage',
	'--no-first-run', '--disable-background-networking', '--hide-scrollbars', '--remote-debugging-pipe',
	'--user-data-dir=' + profile, 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
const [requests, replies] = [chromium.stdio[3], chromium.stdio[4]];
const waiting = new Map();
let last = 0, text = '', problems = [], expected = '', loaded = () => {};

const end = status => {
	chromium.on('exit', () => {
		try {
			rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
		} catch { /* a process of it still writes: the folder for temporary files keeps it */ }
		process.exit(status);
	});
	chromium.kill('SIGKILL');
};
chromium.on('error', e => { console.error('chromium: ' + e.message); process.exit(1); });
setTimeout(() => { console.error('chromium does not answer'); end(1); }, 90000);

function event({ method, params }) {
	switch (method) {
	case 'Page.loadEventFired': loaded(); break;
	case 'Page.javascriptDialogOpening': problems.push('dialog: ' + params.message); break;
	case 'Log.entryAdded':
		if (!(expected && params.entry.text.includes(expected))) problems.push('log: ' + params.entry.text);
		break;
	case 'Runtime.consoleAPICalled': problems.push('console'); break;
	case 'Runtime.exceptionThrown': problems.push('exception'); break;
	case 'Audits.issueAdded': problems.push('issue: ' + params.issue.code); break;
	case 'Network.requestWillBeSent':
		if (!params.request.url.startsWith(base)) problems.push('asks ' + params.request.url);
	}
}
replies.on('data', data => {
	text += data;
	for (let i; (i = text.indexOf('\0')) >= 0;) {
		const m = JSON.parse(text.slice(0, i));
		text = text.slice(i + 1);
		if (!m.id) event(m);
		else if (m.error) waiting.get(m.id).no(new Error(m.error.message));
		else waiting.get(m.id).ok(m.result);
	}
});
const send = (method, params = {}, sessionId) => new Promise((ok, no) => {
	waiting.set(++last, { ok, no });
	requests.write(JSON.stringify({ id: last, method, params, sessionId }) + '\0');
});

// Runs in the page.
const look = () => {
	const channels = colour => (colour.match(/[\d.]+/g) || []).map(Number);
	const light = colour => channels(colour).slice(0, 3).map(c => c / 255).map(c =>
		c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = e => {
		for (; e; e = e.parentElement) {
			const c = e.matches('svg g') ? getComputedStyle(e.querySelector('rect')).fill : getComputedStyle(e).backgroundColor;
			if (channels(c).length === 3) return c;
		}
		return 'rgb(255,255,255)';
	};
	const contrast = e => {
		const style = getComputedStyle(e);
		const [a, b] = [light(e.closest('svg') ? style.fill : style.color), light(behind(e))].sort((x, y) => y - x);
		return (a + 0.05) / (b + 0.05);
	};
	const texts = [...document.querySelectorAll('body *')].filter(e => e.localName !== 'title' &&
		[...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
	const levels = [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(e => Number(e.localName[1]));
	const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
	return JSON.stringify({
	title: document.title,
	width: document.scrollingElement.scrollWidth,
	height: document.scrollingElement.scrollHeight,
	background: getComputedStyle(document.body).backgroundColor,
	styled: document.styleSheets.length,
	headings: document.querySelectorAll('h1').length,
	scripts: document.scripts.length,
	handlers: [...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => /^on/i.test(a.name))).length,
	strange: [...document.querySelectorAll('iframe,object,embed,form[action^="http"],base,img,link:not([href^="/-/"])')].length,
	links: [...document.querySelectorAll('a[href]')].filter(a =>
		!/^(https?|mailto):$/.test(new URL(a.getAttribute('href'), document.baseURI).protocol)).length,
	unnamed: [...document.querySelectorAll('input,button,a[href]')].filter(e =>
		!(e.getAttribute('aria-label') || e.textContent.trim())).length,
	skipped: levels.filter((l, i) => l > (i ? levels[i - 1] : 0) + 1).length,
	twice: ids.filter((id, i) => ids.indexOf(id) !== i).length,
	faint: texts.filter(e => contrast(e) < 4.5).map(e => e.localName + '.' + e.getAttribute('class')),
	});
};

try {
	const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
	const { sessionId: s } = await send('Target.attachToTarget', { targetId, flatten: true });
	for (const d of ['Page', 'Log', 'Runtime', 'Audits', 'Network']) await send(d + '.enable', {}, s);
	for (const page of pages) {
		const at = page.indexOf('='), name = page.slice(0, at);
		for (const [kind, width, scheme] of [['light', 1100, 'light'], ['dark', 1100, 'dark'], ['phone', 320, 'light']]) {
			await send('Emulation.setDeviceMetricsOverride', { width, height: 760, deviceScaleFactor: 1, mobile: width < 500 }, s);
			await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] }, s);
			problems = [];
			expected = name === 'missing' ? 'status of 404' : '';
			const done = new Promise(ok => { loaded = ok; });
			await send('Page.navigate', { url: base + page.slice(at + 1) }, s);
			await done;
			const { result } = await send('Runtime.evaluate', { returnByValue: true, expression: `(${look})()` }, s);
			const found = JSON.parse(result.value);
			console.log(JSON.stringify({ name, kind, fits: found.width <= width, ...found, problems }));
			if (dir === '-') continue;
			const { data } = await send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true,
				clip: { x: 0, y: 0, width, height: Math.min(found.height, 4000), scale: 1 } }, s);
			writeFileSync(`${dir}/${name}-${kind}.png`, Buffer.from(data, 'base64'));
		}
	}
	end(0);
} catch (e) {
	console.error(e.message);
	end(1);
}
