// SPDX-License-Identifier: Apache-2.0
#include "device/host/http_fetch.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace otabahn::device {

namespace http = boost::beast::http;

namespace {

constexpr const char* system_roots = "/etc/ssl/certs";
constexpr int waits = -1, ended = 0, broken = -2;

bool number(std::string_view text, std::uint64_t& value) {
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

}  // namespace

std::string HttpUrl::authority() const {
    const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return port == (tls ? "443" : "80") ? name : name + ":" + port;
}

Result<HttpUrl> parse_http_url(std::string_view text) {
    const auto refuse = [&](const std::string& why) {
        return fail(ErrorCode::invalid_request, "'" + std::string(text.substr(0, 80)) + "' is no URL of http or https: " + why + ".");
    };
    HttpUrl url;
    constexpr std::string_view plain = "http://", secure = "https://";
    if (text.starts_with(secure)) {
        url.tls = true;
    } else if (!text.starts_with(plain)) {
        return refuse("it starts with neither");
    }
    std::string_view rest = text.substr(url.tls ? secure.size() : plain.size());
    for (char c : rest)
        if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F)
            return refuse("it holds characters that must be percent-coded");
    const std::size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
    std::string_view authority = rest.substr(0, slash);
    url.target = std::string(rest.substr(slash, rest.find('#') - slash));
    if (url.target.empty() || url.target.front() != '/') url.target.insert(0, "/");
    if (authority.find('@') != std::string_view::npos) return refuse("a user in it is not taken");
    url.port = url.tls ? "443" : "80";
    std::size_t colon = authority.rfind(':');
    if (authority.starts_with('[')) {
        const std::size_t bracket = authority.find(']');
        if (bracket == std::string_view::npos) return refuse("its address lacks a bracket");
        url.host = std::string(authority.substr(1, bracket - 1));
        colon = bracket + 1 < authority.size() ? bracket + 1 : std::string_view::npos;
        if (colon != std::string_view::npos && authority[colon] != ':') return refuse("what follows its address is no port");
    } else {
        url.host = std::string(authority.substr(0, colon));
    }
    if (url.host.empty()) return refuse("it has no host");
    if (colon != std::string_view::npos) {
        url.port = std::string(authority.substr(colon + 1));
        std::uint64_t port = 0;
        if (!number(url.port, port) || port == 0 || port > 65'535) return refuse("its port is none");
    }
    return url;
}

Result<TlsContext> make_https_context(const std::string& root_ca) {
    TlsContext context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
    // A folder is read as it is needed: all the system's roots at once would be a megabyte.
    const int set =
        root_ca.empty() ? SSL_CTX_load_verify_dir(context.get(), system_roots) : SSL_CTX_load_verify_file(context.get(), root_ca.c_str());
    if (set != 1)
        return fail(ErrorCode::invalid_request,
                    (root_ca.empty() ? system_roots : root_ca) + std::string(" holds no certificates of authorities."));
    return context;
}

// What of an answer is of interest: status, whether it starts where it was asked to, and the body as it comes.
struct HttpFetch::Parser final : http::basic_parser<false> {
    using Code = boost::beast::error_code;
    using View = boost::beast::string_view;

    const Sink* sink = nullptr;
    std::optional<Range> range;
    std::uint64_t offset = 0;
    int code = 0;
    std::string reason;
    std::string refusal;

    explicit Parser(std::optional<Range> wanted) : range(wanted) {
        header_limit(16 * 1024);
        body_limit(boost::none);
        eager(true);
    }
    bool good() const { return code == 200 || code == 206; }

    void on_request_impl(http::verb, View, View, int, Code&) override {}
    void on_response_impl(int status, View text, int, Code&) override {
        code = status;
        reason = std::string(text);
    }
    void on_field_impl(http::field name, View, View value, Code&) override {
        if (name != http::field::content_range || code != 206 || !range) return;
        // bytes 0-99/1234
        const std::string_view text(value.data(), value.size());
        const std::size_t space = text.find(' '), dash = text.find('-');
        std::uint64_t first = 0;
        if (space == std::string_view::npos || dash == std::string_view::npos || dash < space ||
            !number(text.substr(space + 1, dash - space - 1), first) || first != range->first)
            refusal = "it answers with another range than was asked for";
        ranged = true;
    }
    void on_header_impl(Code&) override {
        if (!range) return;
        offset = range->first;
        if (code == 200 && range->first != 0) refusal = "it knows no ranges";
        if (code == 206 && !ranged) refusal = "it answers a part without saying which";
    }
    void on_body_init_impl(boost::optional<std::uint64_t> const&, Code&) override {}
    std::size_t on_body_impl(View body, Code&) override {
        if (code == 206 && range && refusal.empty() && body.size() > range->last + 1 - offset) refusal = "it sends more than was asked for";
        if (good() && refusal.empty() && sink != nullptr && *sink)
            (*sink)(offset, {reinterpret_cast<const std::uint8_t*>(body.data()), body.size()});
        offset += body.size();
        return body.size();
    }
    void on_chunk_header_impl(std::uint64_t, View, Code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, View body, Code& error) override { return on_body_impl(body, error); }
    void on_finish_impl(Code&) override {}
    bool ranged = false;
};

HttpFetch::HttpFetch(HttpUrl url, std::optional<Range> range, ssl_ctx_st* tls, Millis now, Millis patience)
    : url_(std::move(url)),
      range_(range),
      context_(tls),
      patience_(patience),
      until_(now + patience),
      dialer_(std::in_place, url_.host, url_.port),
      parser_(std::make_unique<Parser>(range)) {
    request_ = "GET " + url_.target + " HTTP/1.1\r\nHost: " + url_.authority() + "\r\nUser-Agent: otabahn-device\r\nConnection: close\r\n";
    if (range_) request_ += "Range: bytes=" + std::to_string(range_->first) + "-" + std::to_string(range_->last) + "\r\n";
    request_ += "\r\n";
}

HttpFetch::~HttpFetch() { SSL_free(ssl_); }

int HttpFetch::status() const { return parser_->code; }

HttpFetch::State HttpFetch::fail_with(std::string why) {
    trouble_ = url_.host + ":" + url_.port + ": " + std::move(why);
    phase_ = Phase::over;
    return result_ = State::failed;
}

int HttpFetch::read_some(char* buffer, std::size_t size) {
    if (ssl_ == nullptr) {
        const ssize_t count = ::read(socket_.get(), buffer, size);
        if (count >= 0) return static_cast<int>(count);
        events_ = POLLIN;
        return errno == EAGAIN || errno == EINTR ? waits : broken;
    }
    ERR_clear_error();
    const int count = SSL_read(ssl_, buffer, static_cast<int>(size));
    if (count > 0) return count;
    switch (SSL_get_error(ssl_, count)) {
        case SSL_ERROR_WANT_READ:
            events_ = POLLIN;
            return waits;
        case SSL_ERROR_WANT_WRITE:
            events_ = POLLOUT;
            return waits;
        case SSL_ERROR_ZERO_RETURN:
            return ended;
        default:
            return broken;
    }
}

int HttpFetch::write_some(const char* bytes, std::size_t size) {
    if (ssl_ == nullptr) {
        const ssize_t count = ::write(socket_.get(), bytes, size);
        if (count >= 0) return static_cast<int>(count);
        events_ = POLLOUT;
        return errno == EAGAIN || errno == EINTR ? waits : broken;
    }
    ERR_clear_error();
    const int count = SSL_write(ssl_, bytes, static_cast<int>(size));
    if (count > 0) return count;
    const int error = SSL_get_error(ssl_, count);
    events_ = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? waits : broken;
}

HttpFetch::State HttpFetch::handshake() {
    ERR_clear_error();
    const int done = SSL_connect(ssl_);
    if (done == 1) {
        phase_ = Phase::sending;
        return State::working;
    }
    const int error = SSL_get_error(ssl_, done);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        events_ = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        return State::working;
    }
    const long verdict = SSL_get_verify_result(ssl_);
    if (verdict != X509_V_OK) return fail_with(std::string("its certificate is not trusted: ") + X509_verify_cert_error_string(verdict));
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return fail_with(std::string("no TLS connection: ") + (reason != nullptr ? reason : "it was closed"));
}

HttpFetch::State HttpFetch::send() {
    while (sent_ < request_.size()) {
        const int count = write_some(request_.data() + sent_, request_.size() - sent_);
        if (count == waits) return State::working;
        if (count <= 0) return fail_with("the connection broke");
        sent_ += static_cast<std::size_t>(count);
    }
    phase_ = Phase::receiving;
    events_ = POLLIN;
    return State::working;
}

HttpFetch::State HttpFetch::receive(std::size_t most, const Sink& sink) {
    buffer_.resize(16 * 1024);
    parser_->sink = &sink;
    for (std::size_t taken = 0; taken < most;) {
        const int count = read_some(buffer_.data() + held_, buffer_.size() - held_);
        if (count == waits) return State::working;
        boost::beast::error_code error;
        if (count > 0) {
            taken += static_cast<std::size_t>(count);
            held_ += static_cast<std::size_t>(count);
            const std::size_t used = parser_->put({buffer_.data(), held_}, error);
            std::memmove(buffer_.data(), buffer_.data() + used, held_ - used);
            held_ -= used;
            if (error == http::error::need_more && held_ < buffer_.size()) error = {};
        } else if (count == ended && parser_->got_some()) {
            parser_->put_eof(error);
        } else {
            return fail_with(parser_->got_some() ? "the answer broke off" : "it closed without an answer");
        }
        if (!parser_->refusal.empty()) return fail_with(parser_->refusal);
        if (error) return fail_with(count > 0 ? "what it answers is no HTTP: " + error.message() : std::string("the answer broke off"));
        if (parser_->is_done()) {
            phase_ = Phase::over;
            if (!parser_->good()) return fail_with("HTTP " + std::to_string(parser_->code) + " " + parser_->reason);
            return result_ = State::done;
        }
        if (count <= 0) return fail_with("the answer broke off");
    }
    return State::working;
}

HttpFetch::State HttpFetch::work(Millis now, std::size_t most, const Sink& sink) {
    if (result_ != State::working) return result_;
    if (phase_ == Phase::dialing && dialer_->over()) {
        auto socket = dialer_->take();
        dialer_.reset();
        if (!socket) return fail_with("no connection: " + socket.error().message);
        socket_ = std::move(socket).value();
        phase_ = Phase::sending;
        if (url_.tls) {
            ssl_ = SSL_new(context_);
            SSL_set_fd(ssl_, socket_.get());
            SSL_set_tlsext_host_name(ssl_, url_.host.c_str());
            X509_VERIFY_PARAM* verify = SSL_get0_param(ssl_);
            if (X509_VERIFY_PARAM_set1_ip_asc(verify, url_.host.c_str()) != 1) X509_VERIFY_PARAM_set1_host(verify, url_.host.c_str(), 0);
            phase_ = Phase::handshaking;
        }
    }
    const Phase before = phase_;
    if (phase_ == Phase::handshaking) handshake();
    if (phase_ == Phase::sending) send();
    bool moved = false;
    if (phase_ == Phase::receiving)
        receive(most, [&](std::uint64_t offset, ByteView bytes) {
            moved = true;
            sink(offset, bytes);
        });
    if (moved || phase_ != before) until_ = now + patience_;
    if (result_ == State::working && now >= until_)
        return fail_with("nothing came for " + std::to_string(patience_.count() / 1'000) + " s");
    return result_;
}

void HttpFetch::want(PollSet& set) const {
    if (result_ != State::working) return;
    set.wake(until_);
    if (phase_ == Phase::dialing)
        set.read(dialer_->descriptor());
    else
        set.watch(socket_.get(), events_);
    if (ssl_ != nullptr && SSL_pending(ssl_) > 0) set.wake(Millis{0});
}

}  // namespace otabahn::device
