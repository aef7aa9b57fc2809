// Opens a report in Chromium and looks at what it does: node report.mjs SUITE FILE PROFILE
import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [suite, file, profile] = process.argv.slice(2);
// Milliseconds; on a machine that has nothing else to do it is a tenth of that.
const SOON = 5000;

const launch = (folder, options = {}) => chromium.launchPersistentContext(folder, {
  executablePath: process.env.CHROMIUM,
  headless: true,
  ...options,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const context = await launch(profile);

// Nothing may go wrong, and nothing may be loaded, at any time.
const trouble = [];
context.on('console', (message) => {
  if (message.type() !== 'log') trouble.push(`console ${message.type()}: ${message.text()}`);
});
context.on('weberror', (error) => trouble.push(`error: ${error.error()}`));
context.on('dialog', (dialog) => {
  trouble.push(`dialog: ${dialog.message()}`);
  dialog.dismiss();
});
const address = pathToFileURL(file).href;
context.on('request', (request) => {
  const url = request.url();
  if (url.split('#')[0] !== address && !url.startsWith('data:') && url !== 'about:blank') {
    trouble.push(`request: ${url}`);
  }
});

const page = context.pages()[0] ?? await context.newPage();
const status = (list) => page.locator(`#${list} .status`).textContent();
const rows = (list) => page.locator(`#${list} .row`);
const open = async (hash = '') => {
  await page.goto('about:blank');
  const start = Date.now();
  await page.goto(address + hash);
  await page.locator('#findings .status').waitFor({ state: 'attached' });
  return Date.now() - start;
};
const search = async (list, words) => {
  const start = Date.now();
  const before = await status(list);
  await page.locator(`#${list} [name=q]`).fill(words);
  await page.waitForFunction(([name, old]) => document.querySelector(`#${name} .status`).textContent !== old,
    [list, before]);
  return Date.now() - start;
};

// No text became an element, an attribute that runs, or an address that does.
const isInert = async () => {
  const seen = await page.evaluate(() => ({
    ran: window.ran,
    elements: [...new Set([...document.querySelectorAll('*')].map((element) => element.localName))].sort(),
    handlers: [...document.querySelectorAll('*')].flatMap((element) => element.getAttributeNames())
      .filter((name) => name.startsWith('on')),
    links: [...document.querySelectorAll('a')].map((link) => link.getAttribute('href'))
      .filter((href) => !/^(#|https:\/\/)/.test(href)),
    scripts: document.scripts.length,
  }));
  assert.equal(seen.ran, undefined);
  assert.equal(seen.scripts, 2);
  assert.deepEqual(seen.handlers, []);
  assert.deepEqual(seen.links, []);
  for (const name of ['img', 'iframe', 'object', 'embed', 'base', 'video', 'audio']) {
    assert.ok(!seen.elements.includes(name), name);
  }
};

const unfoldAll = async () => {
  for (const list of ['findings', 'requests']) {
    for (const row of await rows(list).all()) await row.locator('summary').click();
  }
};

const fits = async (width, height) => {
  await page.setViewportSize({ width, height });
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth,
    document.documentElement.clientWidth]);
  assert.ok(wide <= room, `${wide} wide on ${room}`);
};

// Filters wait a moment for more input before they act.
const settled = () => page.waitForTimeout(300);

const suites = {
  async samples() {
    await open();
    assert.match(await page.locator('.answer.bad .verdict').textContent(), /likely|Yes/);
    const all = await rows('findings').count();
    assert.ok(all > 10, `${all} findings`);

    // Each filter, alone and together, and back.
    const high = page.locator('#findings [name=severity][value=high]');
    await high.check();
    await settled();
    assert.equal(await rows('findings').count(), await page.locator('#findings .row.high').count());
    assert.ok(await rows('findings').count() < all);
    assert.match(page.url(), /#severity=high$/);
    await page.locator('#findings [name=rule]').selectOption('missing-allow-origin');
    await settled();
    const both = await rows('findings').count();
    assert.ok(both > 0);
    await page.locator('#findings [name=host]').selectOption('bank.test');
    await settled();
    assert.ok(await rows('findings').count() <= both);
    await page.locator('#findings [type=reset]').click();
    await page.waitForFunction((count) => document.querySelectorAll('#findings .row').length === count, all);
    await search('findings', 'PUT transfer');
    for (const where of await page.locator('#findings .where').allTextContents()) assert.match(where, /transfer/);
    await search('findings', 'no such words anywhere');
    assert.equal(await rows('findings').count(), 0);
    assert.match(await status('findings'), /^0 matches/);

    // A link of the charts filters; a link of the answers opens its finding.
    await open();
    await page.locator('.legend a[href="#requests&verdict=blocked"]').click();
    await page.waitForFunction(() => document.querySelectorAll('#requests .row:not(.blocked)').length === 0);
    assert.ok(await rows('requests').count() > 5);
    await open();
    await page.locator('.answer.bad li a').first().click();
    const opened = page.locator('#findings .row[open]');
    await opened.waitFor();
    assert.equal(await opened.count(), 1);

    // What unfolds: evidence, decision, fix by server; by keyboard.
    await open('#rule=missing-allow-origin');
    const row = rows('findings').first();
    await row.locator('summary').focus();
    await page.keyboard.press('Enter');
    await row.locator('.body').waitFor();
    assert.match(await row.locator('mark.offending').first().textContent(), /Access-Control-Allow-Origin is missing/);
    assert.ok(await row.locator('.waterfall svg rect').count() >= 2);
    assert.match(await row.locator('.decides').textContent(), /Access-Control-Allow-Origin.*no/);
    assert.match(await row.locator('.said').textContent(), /blocked by CORS policy/);
    assert.equal(await row.locator('.pick option').count(), 9);
    const nginx = await row.locator('.configuration').textContent();
    assert.match(nginx, /map \$http_origin/);
    await row.locator('.pick select').selectOption({ label: 'Django' });
    assert.match(await row.locator('.configuration').textContent(), /CORS_ALLOWED_ORIGINS = \["http/);

    await unfoldAll();
    await isInert();
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await fits(1280, 900);
      await fits(390, 844);
      await fits(320, 640);
    }

    // Names and labels that a screen reader needs.
    const unnamed = await page.evaluate(() => [...document.querySelectorAll('input, select, button, [role=region]')]
      .filter((control) => !(control.labels && control.labels.length) && !control.getAttribute('aria-label')
        && !control.textContent.trim()).map((control) => control.outerHTML));
    assert.deepEqual(unnamed, []);
    const ids = await page.evaluate(() => [...document.querySelectorAll('[id]')].map((element) => element.id));
    assert.equal(new Set(ids).size, ids.length);

    // Without script: the answers, the charts, a plain list.
    const plain = await launch(`${profile}-plain`, { javaScriptEnabled: false });
    const still = await plain.newPage();
    await still.goto(address);
    assert.ok(await still.locator('.plain > li').count() > 10);
    assert.equal(await still.locator('#findings-app').isVisible(), false);
    assert.ok(await still.locator('.map path').count() > 1);
    await plain.close();
  },

  async hostile() {
    await open();
    await unfoldAll();
    for (const control of await page.locator('.pick button').all()) await control.click();
    for (const target of (await page.locator('.row summary, .row a, .map text, .bars a').all()).slice(0, 60)) {
      await target.dispatchEvent('mouseover');
      await target.dispatchEvent('focus');
    }
    await isInert();
    // Shown, not swallowed.
    const text = await page.locator('body').textContent();
    for (const shown of ['</script><script>window.ran=', 'onerror="window.ran=', '\\u{202e}gpj.evil', '\\u{0}\\u{1b}[2J']) {
      assert.ok(text.includes(shown), shown);
    }
    // Addresses are part of what a stranger may write, too.
    await open('#q=%3Cimg%20src=x%20onerror=window.ran=1%3E&rule=%22%3E%3Cscript%3E&finding=');
    await open('#severity=constructor&host=__proto__&sort=constructor&q=%5B(');
    await open('#%E0%A4%A');
    await isInert();
    await fits(390, 844);
  },

  async many() {
    const opening = await open();
    assert.match(await status('findings'), /^10,000 rows/);
    const filtering = Math.max(
      await search('findings', 'row 77'),
      await search('findings', 'api1 likely onmouseover'),
      await search('requests', 'preflight-method-not-allowed'),
    );
    assert.ok(opening < SOON, `opens in ${opening} ms`);
    assert.ok(filtering < SOON, `filters in ${filtering} ms`);
    await page.locator('#findings [type=reset]').click();
    await page.locator('#findings [name=sort]').selectOption('count');
    await settled();
    assert.match(await rows('findings').first().textContent(), /10,000 times/);
    await page.locator('#findings .more').click();
    assert.equal(await rows('findings').count(), 150);
    assert.equal(await page.evaluate(() => document.activeElement.closest('li') === document.querySelectorAll('#findings .rows > li')[50]), true);
    await rows('findings').last().locator('summary').click();
    await isInert();
    console.log(`opened in ${opening} ms, filtered in ${filtering} ms`);
  },

  async empty() {
    await open();
    assert.equal(await rows('findings').count(), 0);
    assert.match(await page.locator('.answers').textContent(), /nothing was judged/);
    await fits(390, 844);
  },
};

try {
  await suites[suite]();
  assert.deepEqual(trouble, []);
} catch (error) {
  console.error(error);
  for (const line of trouble) console.error(line);
  process.exitCode = 1;
} finally {
  await context.close();
}
