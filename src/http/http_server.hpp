// SPDX-License-Identifier: Apache-2.0
// The HTTP door of all services (design, section 3): plain, with TLS, and for devices with mutual TLS. It owns its event
// loops; handlers and bodies run on the blocking pool that is handed in. start() and stop() from one thread.
#pragma once

#include "access/access.hpp"
#include "awsapi/caller.hpp"
#include "awsapi/operations.hpp"
#include "base/error.hpp"
#include "runtime/clock.hpp"
#include "runtime/pool.hpp"
#include "tls/connected.hpp"
#include "tls/server.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace prometheus {
class Registry;
}

namespace otabahn::http {

// HOST:PORT; port 0 takes a free one.
struct Address {
    std::string host;
    unsigned short port = 0;

    static Result<Address> parse(std::string_view text);  // host:port, [::1]:port
    std::string text() const;
};

// access::Access::find_key; called on the pool.
using FindKey = std::function<Result<std::optional<access::AccessKey>>(std::string_view access_key_id)>;

// What a device's certificate opens, as the gateway knows it.
struct DeviceAdmission {
    Scope scope;
    // Do its policies allow this? The resource's ARN behind the account (thing/T), or *. The refusal says what decided.
    std::function<Result<void>(const std::string& action, const std::string& resource)> may;
};
// Asked on the pool, once a request. `server_name`: what SNI named, or nothing. Refusal: the sentence for the answer.
using AdmitDevice =
    std::function<Result<DeviceAdmission>(const std::string& certificate_id, const std::string& server_name, const std::string& address)>;

// A connection that has turned out to be MQTT, ready for its first packet.
struct MqttArrival {
    enum class Via { alpn, websocket };
    tls::Connected connected;
    Via via;
    std::optional<awsapi::Caller> caller;  // who signed for the WebSocket; by ALPN the certificate says who it is
    std::string received;                  // bytes behind the upgrade that were read already
};
// Called on an event loop: it must not block.
using TakeMqtt = std::function<void(MqttArrival)>;

struct HttpOptions {
    Address http{"127.0.0.1", 4566};
    std::optional<Address> https;         // the same services over TLS
    std::optional<Address> device_https;  // mutual TLS
    const tls::Server* tls = nullptr;     // of both TLS listeners; outlives the server
    AdmitDevice admit_device;             // null: no device is let in
    TakeMqtt take_mqtt;                   // null: MQTT is refused

    std::string hostname = "localhost";   // BUCKET.hostname is S3's virtual-host addressing
    std::size_t threads = 2;              // event loops
    std::size_t most_connections = 4096;  // more are closed at once

    std::size_t header_limit = 64 * 1024;
    std::size_t whole_bodies_limit = 256 * 1024 * 1024;  // of all requests whose bodies are in memory at one time; past it: 503
    std::chrono::milliseconds head_timeout{30'000};  // from the connection's opening, or a request's first byte, to the end of its headers
    std::chrono::milliseconds idle_timeout{60'000};  // between requests
    std::chrono::milliseconds body_timeout{60'000};  // without a byte moving, either way
    std::chrono::milliseconds stop_timeout{10'000};  // what runs when stop() is called may take that long
};

struct BoundEndpoints {
    Address http;
    std::optional<Address> https, device_https;
};

class HttpServer {
  public:
    // `well_known` gives the JSON of GET /.well-known/otabahn; asked for each request, from an event loop: it must not block.
    HttpServer(HttpOptions options, runtime::BlockingPool& pool, FindKey find_key, const awsapi::Operations& operations,
               const runtime::Clock& clock, std::shared_ptr<prometheus::Registry> metrics, std::function<std::string()> well_known);
    // With the keys of `access`.
    HttpServer(HttpOptions options, runtime::BlockingPool& pool, access::Access& access, const awsapi::Operations& operations,
               const runtime::Clock& clock, std::shared_ptr<prometheus::Registry> metrics, std::function<std::string()> well_known)
        : HttpServer(std::move(options), pool, FindKey([&access](std::string_view id) { return access.find_key(id); }), operations, clock,
                     std::move(metrics), std::move(well_known)) {}
    ~HttpServer();  // stops
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    // All listeners accept when it returns, or none does.
    Result<BoundEndpoints> start();
    // Takes no new connection or request, lets running requests end within stop_timeout, closes what is left.
    void stop();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace otabahn::http
