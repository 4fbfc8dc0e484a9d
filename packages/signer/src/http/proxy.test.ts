import { describe, expect, it } from "vitest";

import { parseProxy, proxyFromEnvironment } from "./proxy.ts";

describe("proxyFromEnvironment", () => {
  // The rows down to "CGI" are those of golang.org/x/net/http/httpproxy (proxy_test.go); Go itself judged the others.
  it.each([
    ["http://example.com", { HTTP_PROXY: "127.0.0.1:8080" }, "http://127.0.0.1:8080/"],
    ["http://example.com", { HTTP_PROXY: "cache.example.com:1234" }, "http://cache.example.com:1234/"],
    ["http://example.com", { HTTP_PROXY: "localhost" }, "http://localhost/"],
    ["http://example.com", { HTTP_PROXY: "https://127.0.0.1:8080" }, "https://127.0.0.1:8080/"],
    ["http://a.tld/", { HTTP_PROXY: "plain.tld", HTTPS_PROXY: "secure.tld" }, "http://plain.tld/"],
    ["https://a.tld/", { HTTP_PROXY: "plain.tld", HTTPS_PROXY: "secure.tld" }, "http://secure.tld/"],
    ["https://a.tld/", { HTTP_PROXY: "plain.tld", HTTPS_PROXY: "https://s.tld" }, "https://s.tld/"],
    ["https://a.tld/", { HTTP_PROXY: "plain.tld" }, undefined],
    ["http://a.tld/", { HTTPS_PROXY: "secure.tld" }, undefined],
    // The proxy is still used for https in a CGI program.
    ["https://a.tld/", { HTTPS_PROXY: "https://s.tld", REQUEST_METHOD: "GET" }, "https://s.tld/"],
    ["https://a.tld/", {}, undefined],
    ["https://a.tld/", { https_proxy: "p:1" }, "http://p:1/"],
    ["https://a.tld/", { HTTPS_PROXY: "first:1", https_proxy: "second:1" }, "http://first:1/"],
    ["https://a.tld/", { HTTPS_PROXY: "p:1", no_proxy: "a.tld" }, undefined],
    ["https://a.tld/", { HTTPS_PROXY: "http://:token@p:1" }, "http://:token@p:1/"],
  ])("for %s with %j gives %s", (url, environment, proxy) => {
    expect(proxyFromEnvironment(environment)(new URL(url))?.href).toBe(proxy);
  });

  const LIST =
    "foobar.com, .barbaz.net, *.wildcard.io, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, 10.0.0.0/30, 2001:db8::52:0:1, [2001:db8::52:0:2]:443, [2001:db8::52:0:3]:80, 2002:db8:a::45/64";

  /** NO_PROXY, the host that is asked (on port 80 unless it says another), and whether the request is proxied. */
  const NO_PROXY: readonly (readonly [list: string, host: string, proxied: boolean])[] = [
    // UseProxyTests of Go.
    [LIST, "localhost", false],
    [LIST, "127.0.0.1", false],
    [LIST, "127.0.0.2", false],
    [LIST, "[::1]", false],
    [LIST, "[::2]", true],
    [LIST, "192.168.1.1", false],
    [LIST, "192.168.1.2", true],
    [LIST, "192.168.1.3", false],
    [LIST, "192.168.1.4", true],
    [LIST, "10.0.0.2", false],
    [LIST, "[2001:db8::52:0:1]", false],
    [LIST, "[2001:db8::52:0:2]", true],
    [LIST, "[2001:db8::52:0:3]", false],
    [LIST, "[2002:db8:a::123]", false],
    [LIST, "[fe80::424b:c8be:1643:a1b6]", true],
    [LIST, "barbaz.net", true],
    [LIST, "www.barbaz.net", false],
    [LIST, "foobar.com", false],
    [LIST, "www.foobar.com", false],
    [LIST, "foofoobar.com", true],
    [LIST, "baz.com", true],
    [LIST, "localhost.net", true],
    [LIST, "local.localhost", true],
    [LIST, "barbarbaz.net", true],
    [LIST, "wildcard.io", true],
    [LIST, "nested.wildcard.io", false],
    [LIST, "awildcard.io", true],
    [":1", "example.com", true],
    ["*", "example.com", false],
    ["*", "10.1.2.3", false],
    ["example.com", "example.com", false],
    [".example.com", "example.com", true],
    ["ample.com", "example.com", true],
    ["example.com", "foo.example.com", false],
    [".foo.com", "example.com", true],
    [".示例.com", "www.示例.com", false],
    ["xn--fsq092h.com", "www.示例.com", false],
    ["示例.com", "www.xn--fsq092h.com", false],
    // Networks.
    ["10.0.0.0/8", "10.9.8.7", false],
    ["10.9.8.7/32", "10.9.8.7", false],
    ["10.9.8.7/32", "10.9.8.6", true],
    ["10.9.8.7/8", "10.1.1.1", false],
    ["10.0.0.0/8", "11.0.0.1", true],
    ["10.0.0.0/8", "10.example.com", true],
    ["0.0.0.0/0", "8.8.8.8", false],
    ["0.0.0.0/0", "[2001:db8::1]", true],
    ["::/0", "8.8.8.8", true],
    ["::/0", "[2001:db8::1]", false],
    ["::/0", "example.com", true],
    ["10.0.0.0/33", "10.9.8.7", true],
    ["10.0.0.0/", "10.9.8.7", true],
    ["10.0.0.0/-1", "10.9.8.7", true],
    ["10.0.0.0/8:80", "10.9.8.7", true],
    ["2001:db8::/129", "[2001:db8::1]", true],
    ["[2001:db8::]/32", "[2001:db8::1]", true],
    ["10.0.0.0/8", "[::ffff:10.9.8.7]", false],
    // Addresses.
    ["10.9.8.7", "[::ffff:10.9.8.7]", false],
    ["::ffff:10.9.8.7", "10.9.8.7", false],
    ["010.9.8.7", "10.9.8.7", true],
    ["10.9.8", "10.9.8.7", true],
    [".9.8.7", "10.9.8.7", true],
    ["10.9.8.7:", "10.9.8.7", false],
    ["10.9.8.7:443", "10.9.8.7:443", false],
    ["[2001:db8::1]", "[2001:db8::1]", true],
    ["[2001:db8::1]:443", "[2001:db8::1]:443", false],
    ["2001:DB8:0::1", "[2001:db8::1]", false],
    ["fe80::1%eth0", "[fe80::1]", true],
    ["[10.9.8.7]:80", "10.9.8.7", false],
    // Names.
    ["EXAMPLE.com", "Example.COM", false],
    ["example.com:80", "example.com", false],
    ["example.com:443", "example.com", true],
    ["example.com:", "example.com", false],
    ["example.com:http", "example.com", true],
    [".example.com:80", "a.example.com", false],
    ["*.example.com:81", "a.example.com", true],
    ["*example.com", "aexample.com", true],
    ["*.example.com", "a.b.example.com", false],
    ["**", "example.com", true],
    ["*.*", "example.com", true],
    ["*.", "example.com", true],
    [".", "example.com", true],
    ["a.com,b.com", "b.com", false],
    ["a.com b.com", "b.com", true],
    [" a.com ,\tb.com ", "b.com", false],
    [",,", "b.com", true],
    ["a.com, *", "b.com", false],
    ["http://b.com", "b.com", true],
    // Loopback, and what only looks like it.
    ["", "127.255.0.1", false],
    ["", "[::ffff:127.0.0.1]", false],
    ["", "127.example.com", true],
    ["", "127.0.0.1.example.com", true],
    ["", "localhost.", true],
    ["", "a.localhost", true],
    ["", "0.0.0.0", true],
  ];

  it.each(NO_PROXY)("with NO_PROXY=%j for %s: proxied %j", (list, host, proxied) => {
    const proxyFor = proxyFromEnvironment({ HTTP_PROXY: "http://p:1", NO_PROXY: list });
    expect(proxyFor(new URL(`http://${host}/`)) !== undefined).toBe(proxied);
  });

  it("refuses HTTP_PROXY in a CGI program, whose client can set it", () => {
    const proxyFor = proxyFromEnvironment({ HTTP_PROXY: "http://10.1.2.3:8080", REQUEST_METHOD: "GET" });
    expect(() => proxyFor(new URL("http://example.com"))).toThrow(
      expect.objectContaining({ code: "ERR_SIGNER_ENDPOINT_INVALID" }),
    );
  });

  it.each(["socks5://p:1", "http://:hunter2", "http://me:hunter%2@p:1"])(
    "refuses %s without quoting it",
    (value) => {
      expect(() => proxyFromEnvironment({ HTTPS_PROXY: value })(new URL("https://a/"))).toThrow(
        expect.objectContaining({
          code: "ERR_SIGNER_ENDPOINT_INVALID",
          message: expect.not.stringMatching(/hunter|socks/),
        }),
      );
    },
  );
});

describe("parseProxy", () => {
  it("names where the value came from", () => {
    expect(() => parseProxy("ftp://p", "the proxy option")).toThrow(
      /^the proxy option is not a usable proxy/,
    );
  });
});
