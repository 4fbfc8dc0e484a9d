// Node.js loads this file before a program of the test run (NODE_OPTIONS). It refuses every connection to a host of AWS, to
// the metadata of a machine or container included, and appends the host to the file NO_AWS_LOG.
const { appendFileSync } = require("node:fs");
const { Socket } = require("node:net");

const AWS_HOST = /(^|\.)(amazonaws\.com(\.cn)?|api\.aws|aws|amazontrust\.com)\.?$|^169\.254\.|^fd00:ec2:/i;
const { connect } = Socket.prototype;

Socket.prototype.connect = function connectUnlessAws(...given) {
  // Node.js itself passes the arguments as one list.
  const [first, second] = Array.isArray(given[0]) ? given[0] : given;
  const host = typeof first === "object" && first !== null ? first.host : second;
  if (typeof host !== "string" || !AWS_HOST.test(host)) return connect.apply(this, given);
  const { NO_AWS_LOG } = process.env;
  if (NO_AWS_LOG) appendFileSync(NO_AWS_LOG, `${host} by ${process.argv[1] ?? "node"}\n`);
  const error = Object.assign(new Error(`the test run refuses a connection to ${host}`), {
    code: "ECONNREFUSED",
  });
  process.nextTick(() => this.destroy(error));
  return this;
};
