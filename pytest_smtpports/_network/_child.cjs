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
const METHODS = { A: "resolve4", AAAA: "resolve6", MX: "resolveMx" };

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
  const found = ports[port] ?? { error: os.constants.errno.ECONNREFUSED };
  const isAddress = net.isIP(String(host)) !== 0;
  if (found.hidden && !isAddress) return { failure: notFound("getaddrinfo", host) };
  return found.error === undefined ? found : { failure: notConnected(found.error, name, Number(port)) };
}

// What Node would complain of it is to complain of.
function isPort(port) {
  return ["number", "string"].includes(typeof port) && /^\d+$/.test(port) && Number(port) < 65536;
}

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  // What net.connect() hands over is in order already.
  const [options, listener] = Array.isArray(args[0]) ? args[0] : net._normalizeArgs(args);
  const found = options.path || !isPort(options.port) ? undefined : place(options.host, options.port);
  if (found === undefined) return connect.apply(this, args);
  if (found.failure === undefined) {
    const [host, port] = found.to;
    return connect.call(this, { ...options, host, port }, listener);
  }
  this.connecting = true;
  process.nextTick(() => this.destroy(found.failure));
  return this;
};

// Look-ups

function lookedUp(hostname, options) {
  const ports = portsOf(normal(hostname));
  if (ports === undefined) return undefined;
  if (isHidden(ports)) return { error: notFound("getaddrinfo", hostname) };
  const asked = typeof options === "number" ? { family: options } : (options ?? {});
  const isV6 = asked.family === 6 || asked.family === "IPv6";
  const address = (isV6 ? V4_IN_V6 : "") + addressOf(normal(hostname));
  return { all: asked.all, address, family: isV6 ? 6 : 4 };
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

function replaceQuery(owner, method, replace) {
  const original = owner[method];
  owner[method] = function (hostname, ...rest) {
    const type = method === "resolve" && typeof rest[0] === "string" ? rest[0] : "A";
    const asked = method === "resolve" ? METHODS[type] : method;
    const found = asked === undefined ? undefined : resolved(asked, hostname, rest[0]);
    const isOurs = found !== undefined && (replace === promise || typeof rest[rest.length - 1] === "function");
    return isOurs ? replace(found, rest) : original.call(this, hostname, ...rest);
  };
}

function callBack(found, rest) {
  const callback = rest[rest.length - 1];
  process.nextTick(() => (found.error ? callback(found.error) : callback(null, found.records)));
}

async function promise(found) {
  if (found.error) throw found.error;
  return found.records;
}

function install() {
  const { lookup } = dns;
  dns.lookup = function (hostname, ...rest) {
    const callback = rest[rest.length - 1];
    const found = lookedUp(hostname, typeof rest[0] === "function" ? {} : rest[0]);
    if (found === undefined || typeof callback !== "function") return lookup.call(this, hostname, ...rest);
    const { error, all, address, family } = found;
    const answer = error ? [error] : all ? [null, [{ address, family }]] : [null, address, family];
    process.nextTick(() => callback(...answer));
    return {};
  };
  const lookupPromise = dns.promises.lookup;
  dns.promises.lookup = async function (hostname, options) {
    const found = lookedUp(hostname, options);
    if (found === undefined) return lookupPromise.call(this, hostname, options);
    const { error, all, address, family } = found;
    if (error) throw error;
    return all ? [{ address, family }] : { address, family };
  };
  for (const method of ["resolve", ...Object.values(METHODS)]) {
    for (const owner of [dns, dns.Resolver.prototype]) replaceQuery(owner, method, callBack);
    for (const owner of [dns.promises, dns.promises.Resolver.prototype]) replaceQuery(owner, method, promise);
  }
}

install();
