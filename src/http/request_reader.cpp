// SPDX-License-Identifier: Apache-2.0
#include "http/request_reader.hpp"

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>

namespace otabahn::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

constexpr std::size_t read_size = 64 * 1024, idle_read_size = 4 * 1024;  // many connections wait; few send

}  // namespace

asio::awaitable<error_code> RequestReader::fill(std::size_t at_most) {
    const IoResult read = co_await transport_.read_some(buffer_.prepare(at_most));
    buffer_.commit(read.size);
    co_return read.error;
}

asio::awaitable<HeadOutcome> RequestReader::read_head() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser_->body_limit(boost::none);
    parser_->eager(false);
    idle_ = buffer_.size() == 0;
    if (idle_) {
        buffer_.shrink_to_fit();
        transport_.set_deadline(std::chrono::steady_clock::now() + limits_.idle);
        const error_code error = co_await fill(idle_read_size);
        if (error) co_return HeadOutcome::closed;
        idle_ = false;
    }
    // One deadline for the whole head: a peer that sends a byte now and then does not move it.
    transport_.set_deadline(std::chrono::steady_clock::now() + limits_.head);
    for (;;) {
        error_code error;
        buffer_.consume(parser_->put(buffer_.data(), error));
        if (parser_->is_header_done()) co_return HeadOutcome::request;
        if (error == beast::http::error::header_limit || buffer_.size() > limits_.header_bytes) co_return HeadOutcome::too_large;
        if (error && error != beast::http::error::need_more) {
            problem_ = error.message();
            co_return HeadOutcome::malformed;
        }
        const error_code read = co_await fill(read_size);
        if (read == asio::error::timed_out) co_return HeadOutcome::slow;
        if (read) co_return HeadOutcome::closed;
    }
}

awsapi::Request RequestReader::take_request() {
    const auto& message = parser_->get();
    awsapi::Request request;
    request.method = std::string_view(message.method_string());
    awsapi::set_target(request, std::string_view(message.target()));
    for (const auto& field : message)
        request.headers.add(std::string(std::string_view(field.name_string())), std::string(std::string_view(field.value())));
    return request;
}

bool RequestReader::keeps_alive() const { return parser_->get().keep_alive(); }

bool RequestReader::expects_continue() const {
    return parser_->get().version() >= 11 && beast::iequals(parser_->get()[beast::http::field::expect], "100-continue");
}

std::optional<std::uint64_t> RequestReader::content_length() const {
    const auto length = parser_->content_length();
    return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
}

bool RequestReader::is_chunked() const { return parser_->chunked(); }

bool RequestReader::has_unknown_coding() const {
    const auto& message = parser_->get();
    const auto found = message.find(beast::http::field::transfer_encoding);
    return found != message.end() &&
           (message.count(beast::http::field::transfer_encoding) > 1 || !beast::iequals(found->value(), "chunked"));
}

bool RequestReader::body_done() const { return parser_->is_done(); }

std::string RequestReader::take_rest() {
    const auto bytes = buffer_.data();
    std::string out(static_cast<const char*>(bytes.data()), bytes.size());
    buffer_.consume(bytes.size());
    return out;
}

asio::awaitable<IoResult> RequestReader::read_body(std::span<std::uint8_t> out) {
    auto& body = parser_->get().body();
    for (;;) {
        if (parser_->is_done()) co_return IoResult{};
        body.data = out.data();
        body.size = out.size();
        body.more = true;
        error_code error;
        if (buffer_.size() > 0) {
            const std::size_t used = parser_->put(buffer_.data(), error);
            buffer_.consume(used);
            const std::size_t produced = out.size() - body.size;
            if (error == beast::http::error::need_buffer || error == beast::http::error::need_more) error = {};
            if (error) co_return IoResult{error, 0};
            if (produced > 0) co_return IoResult{{}, produced};
            if (parser_->is_done()) co_return IoResult{};
            // The parser stops after each chunk's header: there may be data behind it already.
            if (used > 0) continue;
        }
        transport_.set_deadline(std::chrono::steady_clock::now() + limits_.body);
        if (const error_code read = co_await fill(read_size)) co_return IoResult{read, 0};
    }
}

}  // namespace otabahn::http
