// Routes in a child process of Node's: what its parent has written down is asked there as the parent asks its own
// tables. Node loads this before anything else (`--require` in NODE_OPTIONS); any version from 18 on can.
"use strict";

const dns = require("dns");
const fs = require("fs");
const net = require("net");
const os = require("os");
const path = require("path");
const { domainToASCII } = require("url");
const { getSystemErrorName } = require("util");

// The nearest parent comes first.
const FILES = (process.env.SMTPPORTS_ROUTES ?? "").split(path.delimiter).filter(Boolean);
// RFC 6890 §2.2.2: addresses of this machine; one stands for each name that is looked up.
const NETWORK = "127.83";
const V4_IN_V6 = "::ffff:";
// Seconds for which an answer holds, and the step between preferences (RFC 5321 §5.1), as in the parent.
const TTL = 300;
const STEP = 10;
const METHODS = new Map([["A", "resolve4"], ["AAAA", "resolve6"], ["MX", "resolveMx"]]);

const addresses = new Map();
const known = new Map();

// What each of them has read last. Of two that route a name the nearer one holds, which comes later here.
const tables = FILES.map((file) => ({ file, state: "", ports: {} })).reverse();

function refresh(table) {
  try {
    const seen = fs.statSync(table.file, { bigint: true });
    const state = `${seen.mtimeNs} ${seen.ino}`;
    if (state !== table.state) Object.assign(table, { state, ports: JSON.parse(fs.readFileSync(table.file, "utf8")) });
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    // That parent routes nothing any more.
    Object.assign(table, { state: "", ports: {} });
  }
}

function routes() {
  tables.forEach(refresh);
  return tables.flatMap((table) => Object.entries(table.ports));
}

function isMeant(name, host) {
  return name === host || (host.startsWith("*.") && name.length >= host.length && name.endsWith(host.slice(1)));
}

function portsOf(name) {
  return routes().findLast(([host]) => isMeant(name, host))?.[1];
}

function normal(host) {
  return typeof host === "string" ? domainToASCII(host.replace(/\.+$/, "")) : "";
}

function addressOf(name) {
  if (!addresses.has(name)) {
    const number = addresses.size + 1;
    addresses.set(name, `${NETWORK}.${number >> 8}.${number & 255}`);
    known.set(addresses.get(name), name);
  }
  return addresses.get(name);
}

function isHidden(ports) {
  return Object.values(ports).every((place) => place.hidden);
}

// Errors with the words and facts of Node's own

function notFound(syscall, hostname) {
  const errno = syscall === "getaddrinfo" ? -3008 : undefined;
  return Object.assign(new Error(`${syscall} ENOTFOUND ${hostname}`), { errno, code: "ENOTFOUND", syscall, hostname });
}

function noData(syscall, hostname) {
  return Object.assign(new Error(`${syscall} ENODATA ${hostname}`), { code: "ENODATA", syscall, hostname });
}

function notConnected(number, name, port) {
  const [address, code] = [addressOf(name), getSystemErrorName(-number)];
  const told = new Error(`connect ${code} ${address}:${port}`);
  return Object.assign(told, { errno: -number, code, syscall: "connect", address, port });
}

// Connects

function place(host, port) {
  const name = known.get(String(host).replace(V4_IN_V6, "")) ?? normal(host);
  const ports = portsOf(name);
  if (ports === undefined) return undefined;
  // A number that is not emulated is refused.
  const found = ports[Number(port)] ?? { error: os.constants.errno.ECONNREFUSED };
  const isAddress = net.isIP(String(host)) !== 0;
  if (found.hidden && !isAddress) return { name, failure: notFound("getaddrinfo", host) };
  return found.error === undefined ? found : { name, failure: notConnected(found.error, name, Number(port)) };
}

// What Node takes for one; of anything else it is to complain.
function isPort(port) {
  const isGiven = typeof port === "number" || (typeof port === "string" && port.trim() !== "");
  return isGiven && Number(port) === Number(port) >>> 0 && Number(port) < 65536;
}

// Options for Node's own connect, for failures too: so a socket begins, ends and begins again as it always does.
function led(socket, options, { name, failure, to }) {
  if (failure === undefined) return { ...options, host: to[0], port: to[1] };
  // Only a look-up has an answer to itself.
  const fail = (host, asked, answer) => (failure.syscall === "connect" ? socket.destroy(failure) : answer(failure));
  return { ...options, host: name, lookup: (...args) => process.nextTick(fail, ...args) };
}

// The same for a look-up of the caller's own, which may find an address that leads here.
function watched(socket, options, connect) {
  const { lookup, port } = options;
  const answered = (answer) => (error, found, family) => {
    const addresses = [found].flat().map((each) => each?.address ?? each);
    const first = addresses.filter(net.isIP).map((address) => place(address, port)).find(Boolean);
    if (error || !first || !socket.connecting) answer(error, found, family);
    else connect.call(socket, led(socket, options, first));
  };
  return { ...options, lookup: (host, asked, answer) => lookup(host, asked, answered(answer)) };
}

function newConnect(connect) {
  // How net.connect() marks arguments that are in order already.
  const [inOrder] = Object.getOwnPropertySymbols(net._normalizeArgs([]));
  return function (...args) {
    const [options, listener] = args[0]?.[inOrder] ? args[0] : net._normalizeArgs(args);
    if (options.path || !isPort(options.port)) return connect.apply(this, args);
    // A routed name leads here whatever a look-up of the caller's own would say.
    const found = place(options.host, options.port);
    if (found) return connect.call(this, led(this, options, found), listener);
    if (typeof options.lookup !== "function") return connect.apply(this, args);
    return connect.call(this, watched(this, options, connect), listener);
  };
}

// Look-ups

function lookedUp(hostname, options) {
  const name = normal(hostname);
  const ports = portsOf(name);
  if (ports === undefined) return { asked: hostname };
  const family = typeof options === "number" ? options : options?.family;
  const asked = ([6, "IPv6"].includes(family) ? V4_IN_V6 : "") + addressOf(name);
  return { asked, error: isHidden(ports) ? notFound("getaddrinfo", hostname) : undefined };
}

// Node is asked for the address instead of the name: it checks what else it is given, and answers in its own way.

function newLookup(lookup) {
  return function (hostname, ...rest) {
    const { asked, error } = lookedUp(hostname, rest[0]);
    const failing = (each) => (typeof each === "function" ? () => each(error) : each);
    return lookup.call(this, asked, ...(error ? rest.map(failing) : rest));
  };
}

function newLookupPromise(lookup) {
  return function (hostname, ...rest) {
    const { asked, error } = lookedUp(hostname, rest[0]);
    const answer = lookup.call(this, asked, ...rest);
    return error ? answer.then(() => Promise.reject(error)) : answer;
  };
}

function exchanges(domain) {
  const hosts = [...new Set(routes().map(([host]) => host))].filter((host) => !host.startsWith("*."));
  return hosts.includes(domain) ? [domain] : hosts.filter((host) => host.endsWith(`.${domain}`));
}

function resolved(method, hostname, options) {
  const name = normal(hostname);
  if (method === "resolveMx") {
    const found = exchanges(name);
    return found.length ? { records: found.map((exchange, at) => ({ exchange, priority: (at + 1) * STEP })) } : undefined;
  }
  const ports = portsOf(name);
  if (ports === undefined) return undefined;
  const syscall = method === "resolve4" ? "queryA" : "queryAaaa";
  if (isHidden(ports)) return { error: notFound(syscall, hostname) };
  if (method === "resolve6") return { error: noData(syscall, hostname) };
  const address = addressOf(name);
  return { records: [options?.ttl ? { address, ttl: TTL } : address] };
}

// What a call asks for, with which options, and who is to be called back, as Node reads it; nothing of a call that is in
// error, or for a type that is not here.

function byCallback(method, rest) {
  if (method === "resolve") {
    const [type, callback] = typeof rest[0] === "function" ? ["A", ...rest] : rest;
    return typeof callback === "function" ? { asked: METHODS.get(type), callback } : {};
  }
  const [options, callback] = rest.length > 1 ? rest : [undefined, ...rest];
  return typeof callback === "function" ? { asked: method, options, callback } : {};
}

function byPromise(method, [first]) {
  if (method !== "resolve") return { asked: method, options: first };
  return { asked: METHODS.get(first === undefined ? "A" : first) };
}

function callBack({ error, records }, callback) {
  process.nextTick(() => (error ? callback(error) : callback(null, records)));
}

async function promise({ error, records }) {
  if (error) throw error;
  return records;
}

function newQuery(original, method, read, answer) {
  return function (hostname, ...rest) {
    const { asked, options, callback } = read(method, rest);
    const found = asked && resolved(asked, hostname, options);
    return found ? answer(found, callback) : original.call(this, hostname, ...rest);
  };
}

// Whoever looks at a function of Node's finds what it had: its name, its length, and what util.promisify() goes by.
function replace(owner, method, made, ...how) {
  const original = owner[method];
  owner[method] = Object.defineProperties(made(original, ...how), Object.getOwnPropertyDescriptors(original));
}

function install() {
  replace(net.Socket.prototype, "connect", newConnect);
  replace(dns, "lookup", newLookup);
  replace(dns.promises, "lookup", newLookupPromise);
  for (const method of ["resolve", ...METHODS.values()]) {
    for (const owner of [dns, dns.Resolver.prototype]) replace(owner, method, newQuery, method, byCallback, callBack);
    for (const owner of [dns.promises, dns.promises.Resolver.prototype]) {
      replace(owner, method, newQuery, method, byPromise, promise);
    }
  }
}

try {
  tables.forEach(refresh);
  install();
} catch (error) {
  process.stderr.write(`pytest-smtpports: routes do not hold in this process: ${FILES}: ${error}\n`);
}
