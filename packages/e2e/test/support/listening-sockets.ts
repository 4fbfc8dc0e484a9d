import { execFile } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import { promisify } from "node:util";
import { z } from "zod";
import type { OwnRun } from "./own-run.ts";

/** An address at which a process or a container of a run can be reached. */
export interface ListeningSocket {
  /** The process' command line, or `container <id>`. */
  owner: string;
  protocol: "tcp" | "tcp6" | "udp" | "udp6" | "published";
  address: string;
  port: number;
}

/** Lists what a run listens on: the sockets of its processes, as the kernel lists them, and the ports of its containers. */
export async function listeningSockets(run: OwnRun): Promise<ListeningSocket[]> {
  const ofProcesses = (await run.processes()).map(({ pid, command }) => socketsOf(pid, command));
  const ofContainers = (await run.containers()).map(publishedPorts);
  return (await Promise.all([...ofProcesses, ...ofContainers])).flat();
}

/**
 * Lists what is wrong with the addresses of a run: each socket and published port that is not on loopback, each DNS
 * server, each call of sudo. The list is empty when nothing is wrong.
 *
 * @param atLeast the least number of sockets and ports: a check that finds none proves nothing
 */
export async function exposuresOf(run: OwnRun, atLeast: number): Promise<string[]> {
  // Only Linux has this list.
  if (process.platform !== "linux") return [];
  const sockets = await listeningSockets(run);
  const commands = (await run.processes()).map(({ command }) => command);
  return [
    ...(sockets.length < atLeast ? [`only ${sockets.length} sockets were seen`] : []),
    ...sockets
      .filter((socket) => !isLoopback(socket) || socket.port === 53)
      .map(({ owner, protocol, address, port }) => `${owner} listens on ${protocol} ${address} port ${port}`),
    ...commands.filter((command) => /^(\S*\/)?(sudo|dnsmasq|named)\b|localstack\.dns/.test(command)),
    ...(await run.sudoCalls()).map((call) => `sudo ${call}`),
  ];
}

/** Whether only this machine can reach the address. */
export function isLoopback({ address }: ListeningSocket): boolean {
  return address.startsWith("127.") || address === "::1";
}

/** @see proc(5): `/proc/net/tcp`. State 0A is LISTEN; a UDP socket that waits for anybody is in state 07. */
async function socketsOf(pid: number, command: string): Promise<ListeningSocket[]> {
  const inodes = await socketInodesOf(pid);
  const found: ListeningSocket[] = [];
  for (const protocol of ["tcp", "tcp6", "udp", "udp6"] as const) {
    // The process may end in the meantime.
    const table = await readFile(`/proc/${pid}/net/${protocol}`, "utf8").catch(() => "");
    for (const line of table.split("\n").slice(1)) {
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      if (state !== (protocol.startsWith("tcp") ? "0A" : "07") || !inodes.has(inode)) continue;
      const [address = "", port = ""] = local.split(":");
      found.push({ owner: command, protocol, address: toAddress(address), port: Number.parseInt(port, 16) });
    }
  }
  return found;
}

async function socketInodesOf(pid: number): Promise<Set<string>> {
  const inodes = new Set<string>();
  for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) inodes.add(inode);
  }
  return inodes;
}

/** Reads an address as the kernel prints it: groups of four bytes, each in the machine's byte order, little-endian here. */
function toAddress(hex: string): string {
  const bytes = Buffer.from(hex, "hex");
  bytes.swap32();
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.equals(Buffer.from(`${"00".repeat(15)}01`, "hex"))) return "::1";
  // An IPv4 address that an IPv6 socket is bound to.
  if (bytes.subarray(0, 12).equals(Buffer.from(`${"00".repeat(10)}ffff`, "hex")))
    return bytes.subarray(12).join(".");
  return bytes.equals(Buffer.alloc(16)) ? "::" : bytes.toString("hex");
}

const ports = z.record(
  z.string(),
  z.array(z.object({ HostIp: z.string(), HostPort: z.string() })).nullable(),
);

async function publishedPorts(container: string): Promise<ListeningSocket[]> {
  const { stdout } = await promisify(execFile)("docker", [
    ...["inspect", "--format", "{{json .NetworkSettings.Ports}}", container],
  ]);
  return Object.values(ports.parse(JSON.parse(stdout)))
    .flatMap((bindings) => bindings ?? [])
    .map(({ HostIp, HostPort }) => ({
      owner: `container ${container}`,
      protocol: "published",
      address: HostIp,
      port: Number(HostPort),
    }));
}
