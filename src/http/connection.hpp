// SPDX-License-Identifier: Apache-2.0
// One connection: requests one after the other until either side is done. It lives on one loop; the server's scope spawns
// run(), awaits its end and owns the object.
#pragma once

#include "http/door.hpp"
#include "http/exchange.hpp"
#include "http/request_reader.hpp"
#include "http/transport.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <vector>

namespace otabahn::http {

enum class Audience { everyone, devices };  // devices: mutual TLS, the data plane alone

class Connection {
  public:
    Connection(Door& door, boost::asio::ip::tcp::socket socket, const std::optional<tls::Context>& context, Audience audience);

    boost::asio::awaitable<void> run();
    void finish_and_stop();  // after the request that runs, at once if none does
    void break_off();

  private:
    // What went over the wire for one request, for log and metrics.
    struct Tally {
        std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
        std::uint64_t in = 0, out = 0;
    };
    enum class Body { read, broken, slow, too_large, no_room };

    boost::asio::awaitable<bool> serve();  // true: another request may come
    boost::asio::awaitable<bool> serve_probe(const awsapi::Request& head);
    boost::asio::awaitable<bool> serve_device(awsapi::Request head);
    boost::asio::awaitable<bool> serve_websocket(awsapi::Request head);
    void hand_over(MqttArrival::Via via, std::optional<awsapi::Caller> caller);
    boost::asio::awaitable<bool> serve_upload(Exchange& exchange, Tally& tally);
    boost::asio::awaitable<bool> answer(Exchange& exchange, awsapi::Response response, Tally& tally);
    boost::asio::awaitable<bool> write_response(awsapi::Response response, bool head_request, Tally& tally);
    boost::asio::awaitable<bool> write_source(awsapi::BodySource& source, Tally& tally);
    boost::asio::awaitable<Body> read_whole(std::string& body, BodyShare& share, Tally& tally);
    boost::asio::awaitable<IoResult> read_piece(std::span<std::uint8_t> out);
    boost::asio::awaitable<bool> write_text(std::string text);
    boost::asio::awaitable<bool> write_bytes(std::string_view head, std::string_view bytes);
    boost::asio::awaitable<void> refuse_head(int status, std::string message);
    boost::asio::awaitable<void> linger();

    Door& door_;
    Transport transport_;
    Audience audience_;
    RequestReader reader_;
    std::vector<std::uint8_t> piece_;
    bool stopping_ = false, lingering_ = false, handed_over_ = false;
};

}  // namespace otabahn::http
