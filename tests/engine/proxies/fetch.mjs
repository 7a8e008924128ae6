// Usage: node fetch.mjs <module> <proxy> <url>. Fetches as Baileys does, and prints the answer.
const [module, proxy, url] = process.argv.slice(2)
const { Tunnel, installFetch } = await import(module)
installFetch()
const answer = await fetch(url, { dispatcher: new Tunnel(proxy, () => undefined), method: 'GET', headers: { origin: 'x' } })
console.log(JSON.stringify([answer.ok, answer.status, await answer.text()]))
