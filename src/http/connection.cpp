// SPDX-License-Identifier: Apache-2.0
#include "http/connection.hpp"

#include "http/on_pool.hpp"
#include "http/request_id.hpp"
#include "http/response_head.hpp"
#include "http/websocket_upgrade.hpp"
#include "runtime/log.hpp"
#include "runtime/random.hpp"

#include <boost/asio/error.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace otabahn::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t upload_piece = 512 * 1024, download_piece = 512 * 1024, write_slice = 64 * 1024;
constexpr std::uint64_t stranger_body_limit = 64 * 1024;  // larger ones are read of those alone who name a key that is there
constexpr std::size_t linger_bytes = 16 * 1024 * 1024;
constexpr std::chrono::seconds linger_time{2};

bool is_signed(const awsapi::Request& request) {
    return request.headers.contains("Authorization") || request.find_query("X-Amz-Signature") != nullptr ||
           request.find_query("Signature") != nullptr;
}

awsapi::Response text_response(int status, std::string type, std::string body) {
    awsapi::Response response;
    response.status = status;
    response.headers.set("Content-Type", std::move(type));
    response.body = std::move(body);
    return response;
}

std::string message_json(std::string_view message) { return boost::json::serialize(boost::json::value{{"message", message}}); }

}  // namespace

Connection::Connection(Door& door, asio::ip::tcp::socket socket, const std::optional<tls::Context>& context, Audience audience)
    : door_(door),
      transport_(std::move(socket), context),
      audience_(audience),
      reader_(transport_, {door.options.header_limit, door.options.idle_timeout, door.options.head_timeout, door.options.body_timeout}) {}

void Connection::finish_and_stop() {
    stopping_ = true;
    if (reader_.is_idle() || lingering_) transport_.close();
}

void Connection::break_off() {
    stopping_ = true;
    transport_.close();
}

asio::awaitable<void> Connection::run() {
    transport_.set_deadline(std::chrono::steady_clock::now() + door_.options.head_timeout);
    if (const error_code error = co_await transport_.handshake()) {
        const std::string why = error == asio::error::timed_out ? "not finished in time" : transport_.stream().failure();
        spdlog::info("handshake failed address={} what=\"{}\"", transport_.peer_address(), why);
        co_return;
    }
    if (transport_.stream().protocol() == tls::alpn_mqtt) {
        if (door_.options.take_mqtt) {
            hand_over(MqttArrival::Via::alpn, std::nullopt);
            co_return;
        }
        spdlog::warn("connection refused address={} what=\"ALPN {} asks for MQTT, which is not served here\"", transport_.peer_address(),
                     tls::alpn_mqtt);
        transport_.close();
        co_return;
    }
    if (transport_.stream().protocol() == tls::alpn_device_http) audience_ = Audience::devices;
    bool more = true;
    while (more && !stopping_) {
        switch (co_await reader_.read_head()) {
            case HeadOutcome::request:
                if (reader_.has_unknown_coding()) {
                    co_await refuse_head(501, "The request's Transfer-Encoding is not taken; chunked is the one that is.");
                    more = false;
                    break;
                }
                more = co_await serve();
                break;
            case HeadOutcome::closed:
                transport_.close();
                co_return;
            case HeadOutcome::slow:
                co_await refuse_head(408, "The request's headers did not come in time.");
                more = false;
                break;
            case HeadOutcome::too_large:
                co_await refuse_head(431, "The request's headers are larger than the " + std::to_string(door_.options.header_limit) +
                                              " bytes that are read.");
                more = false;
                break;
            case HeadOutcome::malformed:
                co_await refuse_head(400, "This is no HTTP request: " + reader_.problem() + ".");
                more = false;
                break;
        }
    }
    if (handed_over_) co_return;
    if (!stopping_) co_await linger();
    transport_.close();
}

asio::awaitable<bool> Connection::serve() {
    awsapi::Request head = reader_.take_request();
    if (audience_ == Audience::devices) co_return co_await serve_device(std::move(head));
    if ((head.method == "GET" || head.method == "HEAD") && !is_signed(head) &&
        (head.path == "/healthz" || head.path == "/metrics" || head.path == "/.well-known/otabahn"))
        co_return co_await serve_probe(head);
    if (asks_for_websocket(head)) co_return co_await serve_websocket(std::move(head));

    Tally tally;
    Exchange exchange(door_, std::move(head), transport_.peer_address());
    const Exchange::Next next = exchange.begin();
    bool failed = false;
    try {
        if (next == Exchange::Next::answer) co_return co_await answer(exchange, exchange.refusal(), tally);
        if (next == Exchange::Next::upload) co_return co_await serve_upload(exchange, tally);
        // All bodies share one memory, and those who have no key shall not take others' share of it.
        if (!reader_.body_done() && reader_.content_length().value_or(stranger_body_limit + 1) > stranger_body_limit) {
            auto refused = co_await on_pool(door_.pool, [&] { return exchange.refuse_stranger(); });
            if (!refused) co_return co_await answer(exchange, exchange.busy(), tally);
            if (*refused) co_return co_await answer(exchange, std::move(**refused), tally);
        }
        std::string body;
        BodyShare share(door_);
        switch (co_await read_whole(body, share, tally)) {
            case Body::broken:
                co_return false;
            case Body::slow:
                co_return co_await answer(exchange, exchange.too_slow(), tally);
            case Body::too_large:
                co_return co_await answer(exchange, exchange.too_large(), tally);
            case Body::no_room:
                co_return co_await answer(exchange, exchange.busy(), tally);
            case Body::read:
                break;
        }
        // Not as a conditional inside the co_await: g++ 12 destroys such a temporary twice.
        auto response = co_await on_pool(door_.pool, [&] { return exchange.answer_whole(std::move(body)); });
        if (!response) response = exchange.busy();
        co_return co_await answer(exchange, std::move(*response), tally);
    } catch (const std::exception& bug) {
        spdlog::error("handler failed service={} operation={} request={} what=\"{}\"", exchange.service_name(), exchange.operation(),
                      exchange.request_id(), bug.what());
        failed = true;
    }
    if (failed) co_return co_await answer(exchange, exchange.failed(), tally);
    co_return false;
}

asio::awaitable<bool> Connection::serve_probe(const awsapi::Request& head) {
    Tally tally;
    awsapi::Response response;
    if (head.path == "/healthz")
        response = text_response(200, "text/plain", "ok\n");
    else if (head.path == "/metrics")
        response = text_response(200, "text/plain; version=0.0.4", door_.metrics.text());
    else
        response = text_response(200, "application/json", door_.well_known());
    spdlog::debug("probe path={} peer={}", head.path, transport_.peer_address());
    co_return co_await write_response(std::move(response), head.method == "HEAD", tally);
}

asio::awaitable<Connection::Body> Connection::read_whole(std::string& body, BodyShare& share, Tally& tally) {
    if (reader_.content_length().value_or(0) > awsapi::max_body_bytes) co_return Body::too_large;
    if (reader_.expects_continue() && !reader_.body_done() && !co_await write_text("HTTP/1.1 100 Continue\r\n\r\n")) co_return Body::broken;
    // A byte a minute would keep each read alive; a body that is read whole must also be whole in good time.
    const auto end = std::chrono::steady_clock::now() + 2 * door_.options.body_timeout;
    piece_.resize(std::max<std::size_t>(piece_.size(), 64 * 1024));
    while (!reader_.body_done()) {
        const IoResult read = co_await reader_.read_body(std::span(piece_).first(64 * 1024));
        if (read.error == asio::error::timed_out || std::chrono::steady_clock::now() > end) co_return Body::slow;
        if (read.error) co_return Body::broken;
        tally.in += read.size;
        if (body.size() + read.size > awsapi::max_body_bytes) co_return Body::too_large;
        if (!share.grow(read.size)) co_return Body::no_room;
        body.append(reinterpret_cast<const char*>(piece_.data()), read.size);
    }
    co_return Body::read;
}

// As much as fits, so that a trip to the pool is worth it.
asio::awaitable<IoResult> Connection::read_piece(std::span<std::uint8_t> out) {
    std::size_t filled = 0;
    while (filled < out.size() && !reader_.body_done()) {
        const IoResult read = co_await reader_.read_body(out.subspan(filled));
        if (read.error) co_return IoResult{read.error, filled};
        if (read.size == 0) break;
        filled += read.size;
    }
    co_return IoResult{{}, filled};
}

asio::awaitable<bool> Connection::serve_upload(Exchange& exchange, Tally& tally) {
    auto begun = co_await on_pool(door_.pool, [&] { return exchange.begin_upload(); });
    if (!begun) co_return co_await answer(exchange, exchange.busy(), tally);
    if (*begun) co_return co_await answer(exchange, std::move(**begun), tally);
    // A peer that is gone shows when its body is read.
    if (reader_.expects_continue() && !reader_.body_done()) (void)co_await write_text("HTTP/1.1 100 Continue\r\n\r\n");
    piece_.resize(upload_piece);
    for (;;) {
        const IoResult read = co_await read_piece(piece_);
        if (read.error) {
            // What came so far must not stay; removing it is file work.
            co_await on_pool(
                door_.pool,
                [&] {
                    exchange.drop_upload();
                    return true;
                },
                Taken::always);
            spdlog::warn("upload broken off service={} operation={} path={} key={} bytes={} why=\"{}\"", exchange.service_name(),
                         exchange.operation(), exchange.head().path, exchange.access_key_id(), tally.in, read.error.message());
            if (read.error == asio::error::timed_out) co_return co_await answer(exchange, exchange.too_slow(), tally);
            co_return false;
        }
        if (read.size == 0) break;
        tally.in += read.size;
        const ByteView bytes = std::span(piece_).first(read.size);
        auto refused = co_await on_pool(
            door_.pool, [&] { return exchange.write(bytes); }, Taken::always);
        if (*refused) co_return co_await answer(exchange, std::move(**refused), tally);
    }
    auto response = co_await on_pool(
        door_.pool, [&] { return exchange.finish_upload(); }, Taken::always);
    co_return co_await answer(exchange, std::move(*response), tally);
}

asio::awaitable<bool> Connection::answer(Exchange& exchange, awsapi::Response response, Tally& tally) {
    const int status = response.status;
    const bool more = co_await write_response(std::move(response), exchange.is_head(), tally);
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - tally.start).count();
    const bool refused = !exchange.denied_because().empty();
    spdlog::log(refused ? spdlog::level::warn : spdlog::level::info,
                "{} method={} path={} service={} operation={} status={} ms={} key={} in={} out={} peer={} request={}{}",
                refused ? "request refused" : "request", exchange.head().method, exchange.head().path, exchange.service_name(),
                exchange.operation(), status, millis, exchange.access_key_id(), tally.in, tally.out, transport_.peer_address(),
                exchange.request_id(), refused ? " why=\"" + exchange.denied_because() + "\"" : std::string());
    door_.metrics.count_request(exchange.service_name(), exchange.operation(), status, tally.in, tally.out);
    co_return more;
}

asio::awaitable<bool> Connection::write_response(awsapi::Response response, bool head_request, Tally& tally) {
    ResponseFrame frame;
    frame.head_request = head_request;
    frame.now = door_.clock.now();
    // A body that nobody read stands between this answer and the next request.
    frame.keep_alive = reader_.keeps_alive() && reader_.body_done() && !stopping_;
    const std::string head = format_head(response, frame);
    const bool has_body = !head_request && response.status != 204 && response.status != 304;
    const std::string_view body = has_body && !response.source ? std::string_view(response.body) : std::string_view();
    if (!co_await write_bytes(head, body)) co_return false;
    tally.out += body.size();
    if (has_body && response.source && !co_await write_source(*response.source, tally)) {
        // The length is promised already: only a broken connection tells the client that this is not the whole.
        transport_.close();
        co_return false;
    }
    co_return frame.keep_alive;
}

asio::awaitable<bool> Connection::write_source(awsapi::BodySource& source, Tally& tally) {
    const std::uint64_t size = source.size();
    piece_.resize(std::max<std::size_t>(piece_.size(), static_cast<std::size_t>(std::min<std::uint64_t>(size, download_piece))));
    for (std::uint64_t sent = 0; sent < size;) {
        const std::span<std::uint8_t> room =
            std::span(piece_).first(static_cast<std::size_t>(std::min<std::uint64_t>(size - sent, download_piece)));
        const auto read = co_await on_pool(
            door_.pool, [&] { return source.read(room); }, Taken::always);
        if (!*read || **read == 0) {
            spdlog::error("download broken off after={} of={} why=\"{}\"", sent, size,
                          *read ? std::string("the source ended early") : read->error().message);
            co_return false;
        }
        if (!co_await write_bytes(std::string_view(), as_text(room.first(**read)))) co_return false;
        sent += **read;
        tally.out += **read;
    }
    co_return true;
}

asio::awaitable<bool> Connection::write_text(std::string text) { co_return co_await write_bytes(text, std::string_view()); }

// Each slice has its own deadline, so that a slow link is not taken for one that stands still.
asio::awaitable<bool> Connection::write_bytes(std::string_view head, std::string_view bytes) {
    do {
        const std::string_view slice = bytes.substr(0, write_slice);
        bytes.remove_prefix(slice.size());
        transport_.set_deadline(std::chrono::steady_clock::now() + door_.options.body_timeout);
        const error_code error =
            co_await transport_.write({asio::buffer(head.data(), head.size()), asio::buffer(slice.data(), slice.size())});
        if (error) co_return false;
        head = {};
    } while (!bytes.empty());
    co_return true;
}

asio::awaitable<void> Connection::refuse_head(int status, std::string message) {
    spdlog::warn("request refused status={} peer={} why=\"{}\"", status, transport_.peer_address(), message);
    awsapi::Response response = text_response(status, "application/json", message_json(message));
    ResponseFrame frame;
    frame.keep_alive = false;
    frame.now = door_.clock.now();
    co_await write_text(format_head(response, frame) + response.body);
}

// Closing with unread bytes makes the kernel send a reset, which can overtake the answer: read on for a while. Nothing is
// lost when a stopping server does not.
asio::awaitable<void> Connection::linger() {
    lingering_ = true;
    transport_.set_deadline(std::chrono::steady_clock::now() + linger_time);
    transport_.finish_writing();
    std::vector<std::uint8_t> scrap(64 * 1024);
    for (std::size_t total = 0; total < linger_bytes;) {
        const IoResult read = co_await transport_.read_some(asio::buffer(scrap));
        if (read.error) co_return;
        total += read.size;
    }
}

}  // namespace otabahn::http
