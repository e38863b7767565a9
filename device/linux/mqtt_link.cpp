// SPDX-License-Identifier: Apache-2.0
#include "device/linux/mqtt_link.hpp"

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace otabahn::device {

namespace {
constexpr int keep_alive_seconds = 30;  // the least that AWS takes
constexpr Millis handshake_limit{20'000};
constexpr Millis misc_every{1'000};
constexpr Millis settled_after{10'000};
// An answerless end so soon after a request is taken for a refusal of it.
constexpr Millis suspicion{3'000};
// Once alone: what is asked is asked in one go on a connection that is new.
constexpr std::size_t most_asked = 64;

// A subscription that was denied is asked for again.
constexpr Millis first_again{5'000}, most_again{600'000};

// After so many ends in a row right after the same request it is taken for denied.
constexpr int convinced_after = 3;

std::string plain(std::string_view topic) { return std::string(topic); }

// What the service says to its reason code.
std::string reason_string(const mosquitto_property* properties) {
    char* text = nullptr;
    if (mosquitto_property_read_string(properties, MQTT_PROP_REASON_STRING, &text, false) == nullptr) return {};
    std::string out(text);
    std::free(text);
    return out;
}

// What the library had to say first, on this thread: of TLS it gives no more than "an error" otherwise.
thread_local std::string library_said;

void keep_library_word(mosquitto*, void*, int level, const char* text) {
    if (level == MOSQ_LOG_ERR && library_said.empty()) library_said = text;
}

std::string library_trouble(int result) {
    std::string out = result == MOSQ_ERR_ERRNO && errno != 0 ? std::strerror(errno) : mosquitto_strerror(result);
    if (const std::string said = std::exchange(library_said, {}); result == MOSQ_ERR_TLS && !said.empty()) out = "TLS: " + said;
    return out;
}

std::string words_of(int code, const mosquitto_property* properties) {
    const std::string said = reason_string(properties);
    return mosquitto_reason_string(code) + (said.empty() ? std::string() : ": " + said);
}

}  // namespace

MqttLink::Connecting::~Connecting() {
    if (client != nullptr) mosquitto_destroy(client);
}

MqttLink::MqttLink(const Config& config, const Clock& clock, Log& log)
    : config_(config), clock_(clock), log_(log), version_(config.mqtt_version), die_(std::random_device{}()) {
    mosquitto_lib_init();
}

MqttLink::~MqttLink() {
    if (connector_.joinable()) connector_.join();
    drop_client();
    mosquitto_lib_cleanup();
}

void MqttLink::drop_client() {
    if (client_ != nullptr) mosquitto_destroy(client_);
    client_ = nullptr;
}

Result<void> MqttLink::prepare(const ClientIdentity& identity) {
    rest();
    // AWS tells MQTT from HTTPS on 443 by this name alone.
    auto made = make_client_context(identity, config_.host, config_.port == 443 ? "x-amzn-mqtt-ca" : "");
    if (!made) return Unexpected(made.error());
    tls_ = std::move(made).value();
    phase_ = Phase::waiting;
    connect_at_ = clock_.now();
    return {};
}

void MqttLink::rest() {
    left_ = left_ || phase_ == Phase::up;
    close();
    drop_client();
    now_up_ = now_down_ = false;
    down_why_.clear();
    phase_ = Phase::resting;
}

// A client for each connection: one that is used again would send what the last connection left unacknowledged, and that may
// be the very message that ended it.
Result<void> MqttLink::make_client() {
    drop_client();
    client_ = mosquitto_new(config_.thing_name.c_str(), true, this);
    if (client_ == nullptr) return fail(ErrorCode::internal, "no MQTT client could be made: out of memory.");
    mosquitto_connect_v5_callback_set(client_, &MqttLink::on_connect);
    mosquitto_disconnect_v5_callback_set(client_, &MqttLink::on_disconnect);
    mosquitto_message_v5_callback_set(client_, &MqttLink::on_message);
    mosquitto_subscribe_v5_callback_set(client_, &MqttLink::on_subscribe);
    mosquitto_publish_v5_callback_set(client_, &MqttLink::on_publish);
    mosquitto_log_callback_set(client_, keep_library_word);
    mosquitto_int_option(client_, MOSQ_OPT_PROTOCOL_VERSION, version_ == 5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
    mosquitto_int_option(client_, MOSQ_OPT_TCP_NODELAY, 1);
    // Everything is in the context; the library is to add nothing of its own.
    mosquitto_int_option(client_, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
    if (mosquitto_void_option(client_, MOSQ_OPT_SSL_CTX, tls_.get()) != MOSQ_ERR_SUCCESS)
        return fail(ErrorCode::internal, "libmosquitto takes no TLS context.");
    return {};
}

void MqttLink::begin_connect() {
    phase_ = Phase::connecting;
    asked_.clear();
    told_.clear();
    last_request_ = {};
    denied_.clear();
    refused_.clear();
    subscribe_again_at_ = Millis::max();
    subscribe_again_after_ = first_again;
    useful_ = now_up_ = now_down_ = heard_again_ = false;
    if (auto made = make_client(); !made) return lost(made.error().message);
    connecting_ = std::make_shared<Connecting>();
    connecting_->client = std::exchange(client_, nullptr);
    connecting_->event = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    connector_ = std::thread([connecting = connecting_, host = config_.host, port = config_.port] {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
        errno = 0;
        const int result = mosquitto_connect_bind_v5(connecting->client, host.c_str(), port, keep_alive_seconds, nullptr, nullptr);
        if (result != MOSQ_ERR_SUCCESS) connecting->trouble = library_trouble(result);
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t told = ::write(connecting->event.get(), &one, sizeof one);
    });
}

int MqttLink::descriptor() const {
    if (phase_ == Phase::connecting) return connecting_->event.get();
    if (phase_ == Phase::waiting || phase_ == Phase::resting) return -1;
    return mosquitto_socket(client_);
}

bool MqttLink::wants_to_write() const { return (phase_ == Phase::up || phase_ == Phase::handshaking) && mosquitto_want_write(client_); }

Millis MqttLink::wake_at() const {
    if (left_) return Millis{0};
    switch (phase_) {
        case Phase::resting:
            return Millis::max();
        case Phase::waiting:
            return connect_at_;
        case Phase::connecting:
            return Millis::max();
        case Phase::handshaking:
            return std::min(handshake_until_, misc_at_);
        case Phase::up:
            return std::min(misc_at_, subscribe_again_at_);
    }
    return Millis::max();
}

void MqttLink::want(PollSet& set) const {
    set.watch(descriptor(), static_cast<short>(wants_to_write() ? POLLIN | POLLOUT : POLLIN));
    set.wake(wake_at());
}

void MqttLink::work(const PollSet& set, const std::function<void(const Input&)>& feed) {
    feed_ = &feed;
    const short found = set.found(descriptor());
    const bool readable = (found & (POLLIN | POLLERR | POLLHUP)) != 0, writable = (found & POLLOUT) != 0;
    const Millis now = clock_.now();
    if (std::exchange(left_, false)) feed(Input::connection(false));
    if (phase_ == Phase::waiting && now >= connect_at_) begin_connect();
    if (phase_ == Phase::connecting && readable) {
        connector_.join();
        client_ = std::exchange(connecting_->client, nullptr);
        if (!connecting_->trouble.empty()) {
            lost(connecting_->trouble);
        } else {
            phase_ = Phase::handshaking;
            handshake_until_ = now + handshake_limit;
            misc_at_ = now;
        }
        feed_ = nullptr;
        return;
    }
    if (phase_ != Phase::handshaking && phase_ != Phase::up) {
        feed_ = nullptr;
        return;
    }
    int result = MOSQ_ERR_SUCCESS;
    errno = 0;
    if (readable) result = mosquitto_loop_read(client_, 1);
    if (result == MOSQ_ERR_SUCCESS && (writable || wants_to_write())) result = mosquitto_loop_write(client_, 1);
    if (phase_ == Phase::up && now >= subscribe_again_at_) {
        subscribe_again_at_ = Millis::max();
        for (const std::string& topic : refused_) subscribe(topic);
    }
    if (result == MOSQ_ERR_SUCCESS && now >= misc_at_) {
        result = mosquitto_loop_misc(client_);
        misc_at_ = now + misc_every;
    }
    if (now_up_) {
        now_up_ = false;
        phase_ = Phase::up;
        up_since_ = now;
        said_last_.clear();
        log_.note("connected to " + config_.host + ":" + std::to_string(config_.port) + " as " + config_.thing_name);
        feed(Input::connection(true));
    }
    for (const Asked& asked : std::exchange(denied_, {}))
        feed(Input::refused(asked.subscribing ? "iot:Subscribe" : "iot:Publish", asked.topic));
    // What came there meanwhile was not heard: as after a new connection.
    if (std::exchange(heard_again_, false)) feed(Input::connection(true));
    const bool silent = phase_ == Phase::handshaking && now >= handshake_until_;
    if (result != MOSQ_ERR_SUCCESS || now_down_ || silent) {
        std::string why = down_why_;
        if (silent) {
            why = "no answer to the connect within 20 s";
        } else if (why.empty()) {
            why = library_trouble(result);
        }
        const bool was_up = phase_ == Phase::up;
        lost(std::move(why));
        if (was_up) feed(Input::connection(false));
        for (const Asked& asked : std::exchange(denied_, {}))
            feed(Input::refused(asked.subscribing ? "iot:Subscribe" : "iot:Publish", asked.topic));
    }
    feed_ = nullptr;
}

void MqttLink::lost(std::string why) {
    while (why.ends_with('.')) why.pop_back();  // some of libmosquitto's sentences have their own
    const Millis now = clock_.now();
    std::string text;
    if (phase_ == Phase::up) {
        text = "connection to " + config_.host + " lost: " + why + ".";
        // Any of these may be the one: the answers to earlier requests may have been on their way still.
        std::string suspects;
        for (const Asked& asked : asked_) suspects += (suspects.empty() ? "" : ", ") + asked.what();
        if (now - last_request_at_ < suspicion && !useful_ && !last_request_.topic.empty()) {
            suspects += (suspects.empty() ? "" : ", ") + last_request_.what();
            if (++ends_after_request_ >= convinced_after) denied_.push_back(last_request_);
        }
        if (!suspects.empty()) text += " It ended without an answer to " + suspects + ": does the certificate's policy allow that?";
        if (useful_ || now - up_since_ >= settled_after) backoff_.reset();
    } else {
        text = "no connection to " + config_.host + ":" + std::to_string(config_.port) + ": " + why + ".";
        if (phase_ == Phase::handshaking)
            text +=
                " The service closed before it accepted the connection: is the certificate registered, ACTIVE, attached to this thing and "
                "allowed to "
                "iot:Connect as client/" +
                config_.thing_name + "? Does root_ca fit the service?";
    }
    drop_client();
    phase_ = Phase::waiting;
    down_why_.clear();
    now_down_ = now_up_ = false;
    const Millis pause = backoff_.next(die_());
    connect_at_ = now + pause;
    if (text != said_last_) log_.note(text + " Next try in " + std::to_string(pause.count()) + " ms.");
    said_last_ = text;
}

void MqttLink::on_connect(mosquitto*, void* self, int code, int, const Properties* properties) {
    auto& link = *static_cast<MqttLink*>(self);
    if (code == 0) {
        link.now_up_ = true;
        return;
    }
    link.now_down_ = true;
    link.down_why_ = "the service refused: " +
                     (link.version_ == 5 && code >= 128 ? words_of(code, properties) : std::string(mosquitto_connack_string(code)));
    // A service of MQTT 3.1.1 alone says so in either version's words.
    if (link.version_ == 5 && (code == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION || code == CONNACK_REFUSED_PROTOCOL_VERSION)) {
        link.version_ = 3;
        link.down_why_ += "; MQTT 3.1.1 from now on";
    }
}

void MqttLink::on_disconnect(mosquitto*, void* self, int code, const Properties* properties) {
    auto& link = *static_cast<MqttLink*>(self);
    link.now_down_ = true;
    if (!link.down_why_.empty()) return;
    const bool told = link.version_ == 5 && code >= 128;
    link.down_why_ = code == 0 ? "closed" : told ? words_of(code, properties) : mosquitto_strerror(code);
    // What QoS 0 is denied has no other answer.
    if (told && code == MQTT_RC_NOT_AUTHORIZED && !link.last_request_.topic.empty())
        link.denied(link.last_request_, reason_string(properties));
}

void MqttLink::on_message(mosquitto*, void* self, const mosquitto_message* message, const Properties*) {
    auto& link = *static_cast<MqttLink*>(self);
    if (link.feed_ == nullptr) return;
    // Messages that came with the CONNACK in one read find the update told of the connection first.
    if (link.now_up_) return;
    const std::string_view topic(message->topic);
    if (topic.find("/streams/") != std::string_view::npos) {
        link.useful_ = true;
        link.last_request_ = {};
        link.ends_after_request_ = 0;
    }
    (*link.feed_)(
        Input::message(topic, {static_cast<const std::uint8_t*>(message->payload), static_cast<std::size_t>(message->payloadlen)}));
}

void MqttLink::on_subscribe(mosquitto*, void* self, int id, int count, const int* granted, const Properties* properties) {
    static_cast<MqttLink*>(self)->answered(id, count > 0 ? granted[0] : 0, properties);
}

void MqttLink::on_publish(mosquitto*, void* self, int id, int code, const Properties* properties) {
    static_cast<MqttLink*>(self)->answered(id, code, properties);
}

void MqttLink::answered(int id, int code, const Properties* properties) {
    for (const Asked& asked : asked_) {
        if (asked.id != id) continue;
        if (code >= 128) {
            denied(asked, words_of(code, properties));
        } else if (asked.subscribing && refused_.erase(asked.topic) > 0) {
            log_.note("the service allows " + asked.what() + " now");
            heard_again_ = true;
        }
    }
    std::erase_if(asked_, [id](const Asked& asked) { return asked.id == id; });
}

void MqttLink::denied(const Asked& asked, const std::string& why) {
    const std::string text =
        "the service denies " + asked.what() + (why.empty() ? "" : " (" + why + ")") + ": the certificate's policy must allow it";
    // Once a connection: it is asked again and again.
    if (told_.insert(text).second) log_.note(text);
    denied_.push_back(asked);
    if (!asked.subscribing) return;
    // Nobody tells when a policy is put right, and the connection may live for long.
    refused_.insert(asked.topic);
    if (subscribe_again_at_ != Millis::max()) return;
    subscribe_again_at_ = clock_.now() + subscribe_again_after_;
    subscribe_again_after_ = std::min(subscribe_again_after_ * 2, most_again);
}

void MqttLink::publish(std::string_view topic, ByteView payload, std::uint8_t qos) {
    if (phase_ != Phase::up) return;
    int id = 0;
    const std::string name = plain(topic);
    if (mosquitto_publish(client_, &id, name.c_str(), static_cast<int>(payload.size()), payload.data(), qos, false) != MOSQ_ERR_SUCCESS)
        return;
    if (qos > 0 && asked_.size() < most_asked) {
        asked_.push_back({id, false, name});
    } else if (qos == 0) {
        last_request_ = {id, false, name};
        last_request_at_ = clock_.now();
    }
}

void MqttLink::subscribe(std::string_view topic) {
    if (phase_ != Phase::up) return;
    int id = 0;
    const std::string name = plain(topic);
    // Blocks come at QoS 0: what is lost is asked for again, and nothing is acknowledged one by one.
    const int qos = topic.find("/streams/") != std::string_view::npos ? 0 : 1;
    if (mosquitto_subscribe(client_, &id, name.c_str(), qos) != MOSQ_ERR_SUCCESS) return;
    if (asked_.size() < most_asked) asked_.push_back({id, true, name});
}

void MqttLink::unsubscribe(std::string_view topic) {
    refused_.erase(plain(topic));
    if (phase_ == Phase::up) mosquitto_unsubscribe(client_, nullptr, plain(topic).c_str());
}

void MqttLink::close() {
    if (phase_ == Phase::up) {
        mosquitto_disconnect(client_);
        mosquitto_loop_write(client_, 1);
    }
    // A connect that still waits for names or TCP is not waited for: the process ends.
    if (phase_ == Phase::connecting && connector_.joinable()) {
        connector_.detach();
    }
}

}  // namespace otabahn::device
