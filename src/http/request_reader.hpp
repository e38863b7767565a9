// SPDX-License-Identifier: Apache-2.0
// Reads one request after the other from a connection: head first, then the body in pieces, never more than asked for.
#pragma once

#include "awsapi/request.hpp"
#include "http/transport.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace otabahn::http {

struct ReadLimits {
    std::size_t header_bytes;
    std::chrono::milliseconds idle, head, body;
};

enum class HeadOutcome {
    request,    // one is there
    closed,     // the peer is done, or silent past the idle time
    slow,       // it began a request and did not go on
    too_large,  // headers past the limit
    malformed,  // no HTTP
};

class RequestReader {
  public:
    RequestReader(Transport& transport, const ReadLimits& limits) : transport_(transport), limits_(limits) {}

    boost::asio::awaitable<HeadOutcome> read_head();
    bool is_idle() const { return idle_; }  // between two requests, nothing of the next one read

    // Of the head just read.
    awsapi::Request take_request();
    bool keeps_alive() const;
    bool expects_continue() const;
    std::optional<std::uint64_t> content_length() const;  // nothing: chunked, or none
    bool is_chunked() const;
    bool has_unknown_coding() const;                         // gzip, deflate …: nothing here takes them off
    const std::string& problem() const { return problem_; }  // of a malformed head

    // The next bytes of the body into `out`; 0 at its end; an error when the peer goes away, is slow, or breaks the framing.
    boost::asio::awaitable<IoResult> read_body(std::span<std::uint8_t> out);
    bool body_done() const;
    std::string take_rest();  // what was read behind the request

  private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;

    boost::asio::awaitable<boost::system::error_code> fill(std::size_t at_most);

    Transport& transport_;
    const ReadLimits limits_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    std::string problem_;
    bool idle_ = true;
};

}  // namespace otabahn::http
