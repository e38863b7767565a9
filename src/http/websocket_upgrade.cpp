// SPDX-License-Identifier: Apache-2.0
#include "http/websocket_upgrade.hpp"

#include "encoding/base64_string.hpp"
#include "http/auth_errors.hpp"
#include "http/front_door.hpp"
#include "sigv4/digest.hpp"
#include "sigv4/url_text.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <vector>

namespace otabahn::http {
namespace {

constexpr std::string_view key_suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, 1.3
// By their names at IANA; what clients of older versions call it means the same here.
constexpr std::array<std::string_view, 3> protocols{"mqtt", "mqttv3.1.1", "mqttv3.1"};

std::vector<std::string_view> words(std::string_view list) {
    std::vector<std::string_view> out;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view word = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        while (word.starts_with(' ') || word.starts_with('\t')) word.remove_prefix(1);
        while (word.ends_with(' ') || word.ends_with('\t')) word.remove_suffix(1);
        if (!word.empty()) out.push_back(word);
    }
    return out;
}

// Of all headers of that name: a list may be spread over several.
std::string joined(const awsapi::Headers& headers, std::string_view name) {
    std::string out;
    for (const auto& [key, value] : headers)
        if (sigv4::to_lower(key) == sigv4::to_lower(name)) out += (out.empty() ? "" : ",") + value;
    return out;
}

bool has_word(const std::string& list, std::string_view wanted) {
    const auto all = words(list);
    return std::any_of(all.begin(), all.end(), [&](std::string_view word) { return sigv4::to_lower(word) == wanted; });
}

std::string accept_of(std::string_view key) {
    const std::string text = std::string(key) + std::string(key_suffix);
    std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return encoding::to_base64(as_text(digest));
}

Unexpected<UpgradeRefusal> refuse(int status, std::string message) { return Unexpected(UpgradeRefusal{status, std::move(message)}); }

}  // namespace

bool asks_for_websocket(const awsapi::Request& request) { return request.path == websocket_path && request.headers.contains("Upgrade"); }

Result<std::string, UpgradeRefusal> agree_to_upgrade(const awsapi::Request& request) {
    if (request.method != "GET") return refuse(405, "A WebSocket begins with GET, not " + request.method + ".");
    if (!has_word(joined(request.headers, "Upgrade"), "websocket") || !has_word(joined(request.headers, "Connection"), "upgrade"))
        return refuse(400, "To begin a WebSocket the headers 'Upgrade: websocket' and 'Connection: Upgrade' are both needed.");
    if (joined(request.headers, "Sec-WebSocket-Version") != "13")
        return refuse(426,
                      "Sec-WebSocket-Version is '" + joined(request.headers, "Sec-WebSocket-Version") + "'; 13 is the one that is spoken.");
    const std::string key = joined(request.headers, "Sec-WebSocket-Key");
    const auto nonce = encoding::from_base64(key);
    if (!nonce || nonce->size() != 16) return refuse(400, "Sec-WebSocket-Key must be 16 bytes in base64.");
    const std::string offered = joined(request.headers, "Sec-WebSocket-Protocol");
    const auto all = words(offered);
    const auto chosen = std::find_first_of(protocols.begin(), protocols.end(), all.begin(), all.end());
    if (!all.empty() && chosen == protocols.end())
        return refuse(400, "Sec-WebSocket-Protocol offers '" + offered.substr(0, 200) + "'; mqtt is the one that is spoken.");
    std::string out =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept_of(key);
    if (!all.empty()) out += "\r\nSec-WebSocket-Protocol: " + std::string(*chosen);
    return out + "\r\n\r\n";
}

Result<awsapi::Caller, Denied> authenticate_websocket(const Door& door, const awsapi::Request& request, std::string_view peer_address) {
    const Recognised recognised = recognise(request, door.options.hostname);
    if (recognised.refused) return Unexpected(Denied(*recognised.refused, recognised.reason));
    if (recognised.service->name != "iot-data")
        return Unexpected(Denied(auth_error(*recognised.service, AuthFault::wrong_scope),
                                 "The signature is for the service '" + recognised.claim->scope.service +
                                     "'; MQTT over WebSocket is signed for iotdevicegateway."));
    const std::string nothing = sigv4::sha256_hex("");
    auto as_sent = authenticate(door.find_key, recognised, request, nothing, peer_address, door.clock.now());
    if (as_sent) return std::move(as_sent->caller);
    const std::string host(request.headers.value("Host"));
    const std::string bare = host.substr(0, host.ends_with(']') ? std::string::npos : host.rfind(':'));
    for (const std::string& signed_host : {bare, bare + ":443"}) {
        if (signed_host == host) continue;
        awsapi::Request other = request;
        other.headers.set("Host", signed_host);
        if (auto proved = authenticate(door.find_key, recognised, other, nothing, peer_address, door.clock.now()))
            return std::move(proved->caller);
    }
    return Unexpected(std::move(as_sent).error());
}

}  // namespace otabahn::http
