// SPDX-License-Identifier: Apache-2.0
// Connections that turn out to be MQTT: by ALPN or by a WebSocket upgrade. They leave this server for the gateway.
#include "http/connection.hpp"
#include "http/on_pool.hpp"
#include "http/response_head.hpp"
#include "http/websocket_upgrade.hpp"
#include "awsapi/service_error.hpp"
#include "runtime/log.hpp"
#include "runtime/random.hpp"

#include <optional>

namespace otabahn::http {

namespace asio = boost::asio;

namespace {

awsapi::Response refusal_response(int status, std::string code, std::string message) {
    awsapi::Response response = awsapi::encode_error(*awsapi::find_service("iot-data"),
                                                     {std::move(code), status, std::move(message), {}, {}}, runtime::random_uuid());
    if (status == 426) {
        response.headers.set("Sec-WebSocket-Version", "13");
        response.headers.set("Upgrade", "websocket");
    }
    return response;
}

}  // namespace

void Connection::hand_over(MqttArrival::Via via, std::optional<awsapi::Caller> caller) {
    handed_over_ = true;
    std::string received = reader_.take_rest();
    door_.options.take_mqtt({transport_.release(), via, std::move(caller), std::move(received)});
}

asio::awaitable<bool> Connection::serve_websocket(awsapi::Request head) {
    Tally tally;
    std::optional<awsapi::Response> refused;
    std::string why, key = "-";
    const auto agreed = agree_to_upgrade(head);
    std::optional<awsapi::Caller> caller;
    if (!agreed || !reader_.body_done()) {
        why = agreed ? "A request to begin a WebSocket has no body." : agreed.error().message;
        refused = refusal_response(agreed ? 400 : agreed.error().status, "InvalidRequestException", why);
    } else if (!door_.options.take_mqtt) {
        why = "MQTT over WebSocket is not served here; connect by MQTT over TLS with the device's certificate.";
        refused = refusal_response(501, "NotImplementedException", why);
    } else {
        auto proved = co_await on_pool(door_.pool, [&] { return authenticate_websocket(door_, head, transport_.peer_address()); });
        if (!proved) {
            why = "The server is busy; try again.";
            refused = refusal_response(503, "ServiceUnavailableException", why);
        } else if (!*proved) {
            why = (*proved).error().reason;
            refused = awsapi::encode_error(*awsapi::find_service("iot-data"), (*proved).error().error, runtime::random_uuid());
        } else {
            caller = std::move(**proved);
            key = caller->access_key_id;
        }
    }
    const int status = refused ? refused->status : 101;
    spdlog::log(refused ? spdlog::level::warn : spdlog::level::info,
                "{} method={} path={} service=iot-data operation=WebSocket status={} key={} peer={}{}",
                refused ? "request refused" : "request", head.method, head.path, status, key, transport_.peer_address(),
                refused ? " why=\"" + why + "\"" : std::string());
    door_.metrics.count_request("iot-data", "WebSocket", status, 0, 0);
    if (refused) co_return co_await write_response(std::move(*refused), false, tally);
    if (co_await write_text(*agreed)) hand_over(MqttArrival::Via::websocket, std::move(caller));
    co_return false;
}

}  // namespace otabahn::http
