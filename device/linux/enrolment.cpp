// SPDX-License-Identifier: Apache-2.0
// One conversation with fleet provisioning (spec of the topics: AWS IoT "Device provisioning MQTT API"), on a connection of
// its own: create-from-csr, then provision.
#include "device/linux/identity.hpp"
#include "encoding/json.hpp"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

namespace otabahn::device {

namespace {

using encoding::JsonReader;
using encoding::JsonString;
using encoding::JsonWriter;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{30};  // for each answer
constexpr int keep_alive_seconds = 30;
constexpr std::size_t most_request_bytes = 16 * 1024;

// A member of an answer that is a text; empty if it is missing or longer than any certificate.
std::string text_member(std::string_view json, std::string_view name) {
    std::array<char, 16 * 1024> room;
    std::string out;
    JsonReader in(json);
    if (!in.enter_object()) return out;
    JsonString value;
    for (JsonString key; in.next_member(key);)
        if (key.equals(name) && in.read_string(value)) out = value.decode(room).value_or("");
    return in.finish() ? out : std::string();
}

class Conversation {
  public:
    explicit Conversation(const EnrolmentRequest& request) : request_(request) {}
    ~Conversation() {
        if (client_ != nullptr) mosquitto_destroy(client_);
    }
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;

    Result<void> connect() {
        auto tls = make_client_context(request_.as, request_.host, request_.port == 443 ? "x-amzn-mqtt-ca" : "");
        if (!tls) return Unexpected(tls.error());
        tls_ = std::move(tls).value();
        client_ = mosquitto_new(request_.client_id.c_str(), true, this);
        if (client_ == nullptr) return fail(ErrorCode::internal, "no MQTT client could be made: out of memory.");
        mosquitto_connect_v5_callback_set(client_, [](mosquitto*, void* self, int code, int, const mosquitto_property*) {
            auto& talk = *static_cast<Conversation*>(self);
            talk.up_ = code == 0;
            if (code != 0) talk.refused_ = "the service refused the connection: " + std::string(mosquitto_reason_string(code));
        });
        mosquitto_message_v5_callback_set(client_, [](mosquitto*, void* self, const mosquitto_message* message, const mosquitto_property*) {
            auto& talk = *static_cast<Conversation*>(self);
            const std::string_view topic(message->topic);
            if (!topic.starts_with(talk.topic_)) return;
            talk.accepted_ = topic.ends_with("/accepted");
            talk.answer_ = std::string(static_cast<const char*>(message->payload), static_cast<std::size_t>(message->payloadlen));
        });
        mosquitto_subscribe_v5_callback_set(
            client_, [](mosquitto*, void* self, int, int count, const int* granted, const mosquitto_property*) {
                auto& talk = *static_cast<Conversation*>(self);
                ++talk.granted_;
                if (count > 0 && granted[0] >= 128)
                    talk.refused_ = "the service denies iot:Subscribe on topicfilter/" + talk.topic_ + "/…: the policy must allow it";
            });
        mosquitto_publish_v5_callback_set(client_, [](mosquitto*, void* self, int, int code, const mosquitto_property*) {
            auto& talk = *static_cast<Conversation*>(self);
            if (code >= 128) talk.refused_ = "the service denies iot:Publish on topic/" + talk.topic_ + ": the policy must allow it";
        });
        mosquitto_int_option(client_, MOSQ_OPT_PROTOCOL_VERSION, request_.mqtt_version == 5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
        mosquitto_int_option(client_, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
        mosquitto_void_option(client_, MOSQ_OPT_SSL_CTX, tls_.get());
        errno = 0;
        const int result = mosquitto_connect_bind_v5(client_, request_.host.c_str(), request_.port, keep_alive_seconds, nullptr, nullptr);
        if (result != MOSQ_ERR_SUCCESS) return lost(result);
        return wait([this] { return up_; }, "an answer to the connect");
    }

    // Asks on the topic and gives what was accepted.
    Result<std::string> ask(const std::string& topic, std::string_view payload) {
        topic_ = topic;
        answer_.reset();
        granted_ = 0;
        for (const char* end : {"/accepted", "/rejected"}) mosquitto_subscribe(client_, nullptr, (topic + end).c_str(), 1);
        if (auto ready = wait([this] { return granted_ == 2; }, "leave to subscribe"); !ready) return Unexpected(ready.error());
        mosquitto_publish(client_, nullptr, topic.c_str(), static_cast<int>(payload.size()), payload.data(), 1, false);
        if (auto answered = wait([this] { return answer_.has_value(); }, "an answer on " + topic + "/accepted"); !answered)
            return Unexpected(answered.error());
        if (accepted_) return *answer_;
        return fail(ErrorCode::invalid_request,
                    topic + " was rejected: " + text_member(*answer_, "errorCode") + ": " + text_member(*answer_, "errorMessage") + ".");
    }

    void end() {
        mosquitto_disconnect(client_);
        mosquitto_loop_write(client_, 1);
    }

  private:
    Unexpected<Error> lost(int result) {
        const std::string why = result == MOSQ_ERR_ERRNO && errno != 0 ? std::strerror(errno) : mosquitto_strerror(result);
        return fail(ErrorCode::unavailable, request_.host + ":" + std::to_string(request_.port) + ": " + why +
                                                (topic_.empty() ? "" : ", after a request on " + topic_ + ": does the policy allow it?"));
    }

    template <class Condition>
    Result<void> wait(Condition condition, const std::string& what) {
        const auto until = Steady::now() + patience;
        while (!condition()) {
            if (!refused_.empty()) return fail(ErrorCode::access_denied, refused_ + ".");
            if (Steady::now() >= until)
                return fail(ErrorCode::unavailable, request_.host + ": " + what + " did not come within " +
                                                        std::to_string(patience.count()) + " s: does the policy allow it?");
            errno = 0;
            if (const int result = mosquitto_loop(client_, 200, 1); result != MOSQ_ERR_SUCCESS && !condition() && refused_.empty())
                return lost(result);
        }
        if (!refused_.empty()) return fail(ErrorCode::access_denied, refused_ + ".");
        return {};
    }

    const EnrolmentRequest& request_;
    TlsContext tls_;
    mosquitto* client_ = nullptr;
    bool up_ = false, accepted_ = false;
    int granted_ = 0;
    std::string topic_, refused_;
    std::optional<std::string> answer_;
};

}  // namespace

Result<Enrolled> enrol(const EnrolmentRequest& request) {
    auto csr = make_certificate_request(request.private_key, request.as.pkcs11_module, request.common_name);
    if (!csr) return Unexpected(csr.error());
    Conversation talk(request);
    if (auto connected = talk.connect(); !connected) return Unexpected(connected.error());
    std::string room(most_request_bytes, '\0');
    JsonWriter create(room);
    create.begin_object();
    create.key("certificateSigningRequest");
    create.string(*csr);
    create.end_object();
    const auto created = talk.ask("$aws/certificates/create-from-csr/json", create.written());
    if (!created) return Unexpected(created.error());
    Enrolled out;
    out.certificate = text_member(*created, "certificatePem");
    const std::string token = text_member(*created, "certificateOwnershipToken");
    if (out.certificate.empty() || token.empty())
        return fail(ErrorCode::unavailable, "the answer on $aws/certificates/create-from-csr/json holds no certificate and token.");
    std::string second_room(most_request_bytes, '\0');
    JsonWriter provision(second_room);
    provision.begin_object();
    provision.key("certificateOwnershipToken");
    provision.string(token);
    provision.key("parameters");
    provision.begin_object();
    for (const std::string& parameter : request.parameters) {
        const std::size_t at = parameter.find('=');
        provision.key(parameter.substr(0, at));
        provision.string(parameter.substr(at + 1));
    }
    provision.end_object();
    provision.end_object();
    if (!provision.fits()) return fail(ErrorCode::limit_exceeded, "provisioning_parameters are too long.");
    const auto accepted = talk.ask("$aws/provisioning-templates/" + request.provisioning_template + "/provision/json", provision.written());
    if (!accepted) return Unexpected(accepted.error());
    out.thing_name = text_member(*accepted, "thingName");
    talk.end();
    return out;
}

}  // namespace otabahn::device
