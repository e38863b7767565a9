// SPDX-License-Identifier: Apache-2.0
// One GET over HTTP/1.1, plain or TLS, driven by the agent's loop: for the health probe and for images behind a presigned
// URL. Beast parses, OpenSSL encrypts, nothing is kept of a body: it goes to the caller as it comes. No redirects: whoever
// presigned an URL meant that one.
#pragma once

#include "base/error.hpp"
#include "device/host/client_tls.hpp"
#include "device/host/dialer.hpp"
#include "device/host/poll_set.hpp"
#include "device/port/ports.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace otabahn::device {

struct HttpUrl {
    bool tls = false;
    std::string host, port, target;  // the target: path and query, as they stand
    std::string authority() const;   // for the Host header
};
Result<HttpUrl> parse_http_url(std::string_view url);

// Whom an https URL's server must be certified by: `root_ca` if it is named, else the system's roots.
Result<TlsContext> make_https_context(const std::string& root_ca);

class HttpFetch {
  public:
    // Inclusive; both or none.
    struct Range {
        std::uint64_t first = 0, last = 0;
    };
    enum class State { working, done, failed };
    // `offset` of the bytes in the file: a range's answer starts where it says.
    using Sink = std::function<void(std::uint64_t offset, ByteView bytes)>;

    // `tls`: for https alone; it outlives the fetch.
    HttpFetch(HttpUrl url, std::optional<Range> range, ssl_ctx_st* tls, Millis now, Millis patience);
    ~HttpFetch();
    HttpFetch(const HttpFetch&) = delete;
    HttpFetch& operator=(const HttpFetch&) = delete;

    // Goes on; at most so many bytes are read. Only the body of a good answer (200, 206) goes to the sink.
    State work(Millis now, std::size_t most, const Sink& sink);
    void want(PollSet& set) const;

    int status() const;  // 0: no answer yet
    // Why it failed: "no connection to HOST:PORT: …", "HTTP 403 Forbidden", "…".
    const std::string& trouble() const { return trouble_; }

  private:
    struct Parser;
    State fail_with(std::string why);
    State handshake();
    State send();
    State receive(std::size_t most, const Sink& sink);
    // Of a call on the TLS connection or the socket: the bytes, or what it waits for.
    int read_some(char* buffer, std::size_t size);
    int write_some(const char* bytes, std::size_t size);

    enum class Phase { dialing, handshaking, sending, receiving, over };
    HttpUrl url_;
    std::optional<Range> range_;
    ssl_ctx_st* context_;
    Millis patience_, until_;
    Phase phase_ = Phase::dialing;
    std::optional<Dialer> dialer_;
    Descriptor socket_;
    ssl_st* ssl_ = nullptr;
    short events_ = 0;  // that the connection waits for
    std::string request_;
    std::size_t sent_ = 0;
    std::unique_ptr<Parser> parser_;
    std::vector<char> buffer_;
    std::size_t held_ = 0;  // of a head that is not whole yet
    std::string trouble_;
    State result_ = State::working;
};

}  // namespace otabahn::device
