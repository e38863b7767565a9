// SPDX-License-Identifier: Apache-2.0
#include "device/linux/mqtt_link.hpp"

#include <mosquitto.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
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

std::string plain(std::string_view topic) { return std::string(topic); }
}  // namespace

MqttLink::Connecting::~Connecting() {
    if (client != nullptr) mosquitto_destroy(client);
}

MqttLink::MqttLink(const Config& config, const Clock& clock, Log& log)
    : config_(config), clock_(clock), log_(log), die_(std::random_device{}()) {
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

Result<void> MqttLink::prepare() { return make_client(); }

// A client for each connection: one that is used again would send what the last connection left unacknowledged, and that may
// be the very message that ended it.
Result<void> MqttLink::make_client() {
    drop_client();
    client_ = mosquitto_new(config_.thing_name.c_str(), true, this);
    if (client_ == nullptr) return fail(ErrorCode::internal, "no MQTT client could be made: out of memory.");
    mosquitto_connect_callback_set(client_, &MqttLink::on_connect);
    mosquitto_disconnect_callback_set(client_, &MqttLink::on_disconnect);
    mosquitto_message_callback_set(client_, &MqttLink::on_message);
    mosquitto_subscribe_callback_set(client_, &MqttLink::on_subscribe);
    mosquitto_publish_callback_set(client_, &MqttLink::on_publish);
    mosquitto_int_option(client_, MOSQ_OPT_TCP_NODELAY, 1);
    const std::string authority = config_.root_ca.string();
    if (authority.empty()) mosquitto_int_option(client_, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
    const int set =
        mosquitto_tls_set(client_, authority.empty() ? nullptr : authority.c_str(), authority.empty() ? "/etc/ssl/certs" : nullptr,
                          config_.certificate.c_str(), config_.private_key.c_str(), nullptr);
    if (set != MOSQ_ERR_SUCCESS)
        return fail(ErrorCode::invalid_request,
                    "TLS cannot be set up with " + config_.certificate.string() + ", " + config_.private_key.string() + " and " +
                        (authority.empty() ? "the system's roots" : authority) + ": " + mosquitto_strerror(set) + ".");
    // AWS tells MQTT from HTTPS on 443 by this name alone.
    if (config_.port == 443) mosquitto_string_option(client_, MOSQ_OPT_TLS_ALPN, "x-amzn-mqtt-ca");
    return {};
}

void MqttLink::begin_connect() {
    phase_ = Phase::connecting;
    asked_.clear();
    last_request_.clear();
    useful_ = now_up_ = now_down_ = false;
    if (auto made = make_client(); !made) return lost(made.error().message);
    connecting_ = std::make_shared<Connecting>();
    connecting_->client = std::exchange(client_, nullptr);
    connecting_->event = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    connector_ = std::thread([connecting = connecting_, host = config_.host, port = config_.port] {
        sigset_t all;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
        errno = 0;
        int result = mosquitto_connect(connecting->client, host.c_str(), port, keep_alive_seconds);
        if (result == MOSQ_ERR_ERRNO) result = -errno;
        connecting->result = result;
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t told = ::write(connecting->event.get(), &one, sizeof one);
    });
}

int MqttLink::descriptor() const {
    if (phase_ == Phase::connecting) return connecting_->event.get();
    if (phase_ == Phase::waiting) return -1;
    return mosquitto_socket(client_);
}

bool MqttLink::wants_to_write() const { return (phase_ == Phase::up || phase_ == Phase::handshaking) && mosquitto_want_write(client_); }

Millis MqttLink::wake_at() const {
    switch (phase_) {
        case Phase::waiting:
            return connect_at_;
        case Phase::connecting:
            return Millis::max();
        case Phase::handshaking:
            return std::min(handshake_until_, misc_at_);
        case Phase::up:
            return misc_at_;
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
    if (phase_ == Phase::waiting && now >= connect_at_) begin_connect();
    if (phase_ == Phase::connecting && readable) {
        connector_.join();
        client_ = std::exchange(connecting_->client, nullptr);
        const int result = connecting_->result;
        if (result != MOSQ_ERR_SUCCESS) {
            lost(result < 0 ? std::strerror(-result) : mosquitto_strerror(result));
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
    const bool silent = phase_ == Phase::handshaking && now >= handshake_until_;
    if (result != MOSQ_ERR_SUCCESS || now_down_ || silent) {
        std::string why = down_why_;
        if (silent) {
            why = "no answer to the connect within 20 s";
        } else if (why.empty()) {
            why = result == MOSQ_ERR_ERRNO && errno != 0 ? std::strerror(errno) : mosquitto_strerror(result);
        }
        const bool was_up = phase_ == Phase::up;
        lost(std::move(why));
        if (was_up) feed(Input::connection(false));
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
        for (const Asked& asked : asked_) suspects += (suspects.empty() ? "" : ", ") + asked.what;
        if (now - last_request_at_ < suspicion && !useful_ && !last_request_.empty())
            suspects += (suspects.empty() ? "" : ", ") + last_request_;
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

void MqttLink::on_connect(mosquitto*, void* self, int code) {
    auto& link = *static_cast<MqttLink*>(self);
    if (code == 0) {
        link.now_up_ = true;
    } else {
        link.now_down_ = true;
        link.down_why_ = std::string("the service refused: ") + mosquitto_connack_string(code);
    }
}

void MqttLink::on_disconnect(mosquitto*, void* self, int code) {
    auto& link = *static_cast<MqttLink*>(self);
    link.now_down_ = true;
    if (link.down_why_.empty()) link.down_why_ = code == 0 ? "closed" : mosquitto_strerror(code);
}

void MqttLink::on_message(mosquitto*, void* self, const mosquitto_message* message) {
    auto& link = *static_cast<MqttLink*>(self);
    if (link.feed_ == nullptr) return;
    // Messages that came with the CONNACK in one read find the update told of the connection first.
    if (link.now_up_) return;
    const std::string_view topic(message->topic);
    if (topic.find("/streams/") != std::string_view::npos) {
        link.useful_ = true;
        link.last_request_.clear();
    }
    (*link.feed_)(
        Input::message(topic, {static_cast<const std::uint8_t*>(message->payload), static_cast<std::size_t>(message->payloadlen)}));
}

void MqttLink::on_subscribe(mosquitto*, void* self, int id, int count, const int* granted) {
    auto& link = *static_cast<MqttLink*>(self);
    for (const Asked& asked : link.asked_)
        if (asked.id == id && count > 0 && granted[0] >= 128)
            link.log_.note("the service refused " + asked.what + ": the certificate's policy must allow it");
    link.answered(id);
}

void MqttLink::on_publish(mosquitto*, void* self, int id) { static_cast<MqttLink*>(self)->answered(id); }

void MqttLink::answered(int id) {
    std::erase_if(asked_, [id](const Asked& asked) { return asked.id == id; });
}

void MqttLink::publish(std::string_view topic, ByteView payload, std::uint8_t qos) {
    if (phase_ != Phase::up) return;
    int id = 0;
    const std::string name = plain(topic);
    if (mosquitto_publish(client_, &id, name.c_str(), static_cast<int>(payload.size()), payload.data(), qos, false) != MOSQ_ERR_SUCCESS)
        return;
    if (qos > 0 && asked_.size() < most_asked) {
        asked_.push_back({id, "iot:Publish on topic/" + name});
    } else if (qos == 0) {
        last_request_ = "iot:Publish on topic/" + name;
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
    if (asked_.size() < most_asked) asked_.push_back({id, "iot:Subscribe on topicfilter/" + name});
}

void MqttLink::unsubscribe(std::string_view topic) {
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
