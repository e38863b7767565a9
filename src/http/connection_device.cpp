// SPDX-License-Identifier: Apache-2.0
// Requests of devices, who show a certificate instead of signing.
#include "http/connection.hpp"

#include "http/device_request.hpp"
#include "http/on_pool.hpp"
#include "runtime/log.hpp"
#include "runtime/random.hpp"

#include <chrono>

namespace otabahn::http {

namespace asio = boost::asio;

asio::awaitable<bool> Connection::serve_device(awsapi::Request head) {
    Tally tally;
    const std::string request_id = runtime::random_uuid(), method = head.method, path = head.path;
    DeviceAnswer answer;
    answer.service = "iot-data";
    const auto refuse = [&](int status, const char* name, const char* message) {
        answer.response = awsapi::encode_error(*awsapi::find_service("iot-data"), {name, status, message, {}, {}}, request_id);
        answer.refused_because = message;
    };
    BodyShare share(door_);
    switch (co_await read_whole(head.body, share, tally)) {
        case Body::broken:
            co_return false;
        case Body::slow:
            refuse(408, "RequestTimeout", "The request's body did not come in time.");
            break;
        case Body::too_large:
            refuse(413, "RequestEntityTooLargeException", "The request's body is larger than any message may be.");
            break;
        case Body::no_room:
            refuse(503, "ServiceUnavailableException", "The server is busy; try again.");
            break;
        case Body::read: {
            const DevicePeer peer{transport_.stream().certificate_id(), transport_.stream().server_name(), transport_.peer_address()};
            auto answered = co_await on_pool(door_.pool, [&] { return answer_device(door_, std::move(head), peer, request_id); });
            if (answered)
                answer = std::move(*answered);
            else
                refuse(503, "ServiceUnavailableException", "The server is busy; try again.");
            break;
        }
    }
    const int status = answer.response.status;
    const bool more = co_await write_response(std::move(answer.response), method == "HEAD", tally);
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - tally.start).count();
    const bool refused = !answer.refused_because.empty();
    spdlog::log(refused ? spdlog::level::warn : spdlog::level::info,
                "{} method={} path={} service={} operation={} status={} ms={} principal={} in={} out={} peer={} request={}{}",
                refused ? "device request refused" : "device request", method, path, answer.service, answer.operation, status, millis,
                transport_.stream().certificate_id(), tally.in, tally.out, transport_.peer_address(), request_id,
                refused ? " why=\"" + answer.refused_because + "\"" : std::string());
    door_.metrics.count_request(answer.service, answer.operation, status, tally.in, tally.out);
    co_return more;
}

}  // namespace otabahn::http
