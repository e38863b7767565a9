// SPDX-License-Identifier: Apache-2.0
// What an MQTT connection asks of its surroundings. A loop implements it with sockets, pools and a store; tests with plain
// vectors. Whatever takes time is answered by a call of Connection, later and on the same thread.
#pragma once

#include "gateway/admission.hpp"
#include "gateway/arrival.hpp"
#include "gateway/byte_queue.hpp"
#include "gateway/departure.hpp"
#include "gateway/limits.hpp"
#include "gateway/retained_store.hpp"
#include "gateway/session.hpp"
#include "gateway/share_directory.hpp"
#include "gateway/tally.hpp"
#include "gateway/topic_table.hpp"
#include "runtime/topics.hpp"
#include "streams/streams.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace otabahn::gateway {

class Connection;
class Link;

// What the listener knows of a peer once TLS stands.
struct Peer {
    std::uint64_t id = 0;  // of the connection on its loop
    std::string address;
    std::string certificate_id;
    std::optional<Region> region;  // named by SNI
    Link* link = nullptr;          // the host's own, to find its way back
    Via via = Via::mqtt;
    CallerPtr caller{};  // who signed; none: the certificate

    // Whom log lines and events name.
    const std::string& principal() const { return caller ? caller->arn : certificate_id; }
};

struct SessionRequest {
    SessionKey key;
    mqtt::Version version{};
    bool clean_start = true;
    std::uint32_t expiry_seconds = 0;
};

struct ServiceCall {
    runtime::TopicService* service = nullptr;
    runtime::TopicCall call;
};

struct SubscriptionChange {
    struct Row {
        std::string filter;
        std::uint8_t qos = 0;
        bool no_local = false, retain_as_published = false;
    };
    std::vector<Row> added;
    std::vector<std::string> removed;
};

struct ConnectionSettings {
    Limits limits;
    bool explain_refusals = true;  // MQTT 5 reason strings say what decided; AWS sends none
};

class ConnectionHost {
  public:
    virtual ~ConnectionHost() = default;
    virtual Timestamp now() const = 0;
    virtual const ConnectionSettings& settings() const = 0;
    virtual const TopicTable& topics() const = 0;
    virtual BufferPool& buffers() = 0;
    virtual Tally& tally() = 0;
    virtual std::string random_client_id() = 0;

    // Answered by Connection::admitted.
    virtual void load_admission(Connection& connection, const std::string& client_id) = 0;
    // Ends whatever other connection has that session, then answers by Connection::session_opened.
    virtual void open_session(Connection& connection, SessionRequest request) = 0;
    // The connection is done with it; the host keeps it when it is persistent.
    virtual void leave_session(Connection& connection, Session& session) = 0;

    virtual void index(Subscription& subscription) = 0;
    virtual void unindex(Subscription& subscription) = 0;
    // A shared subscription that the session has not yet; share_changed() once it has it.
    virtual ShareJoin join_share(Session& session, std::string_view filter) = 0;
    virtual void leave_share(Session& session, std::string_view filter) = 0;
    // It went online, or was granted another QoS.
    virtual void share_changed(Session& session) = 0;
    // Stores a persistent session's change, then calls Connection::transmit with `answer`.
    virtual void store_subscriptions(Connection& connection, SubscriptionChange change, std::string answer) = 0;

    // What is retained on these topics goes to the session, later.
    virtual void fetch_retained(Session& session, std::vector<RetainedWish> wishes) = 0;

    // When the ticket's last holder lets go: Connection::published.
    virtual TicketPtr make_ticket(Connection& connection, std::uint16_t packet_id) = 0;
    virtual void publish(MessagePtr message, TicketPtr ticket) = 0;
    virtual void publish_for_service(const Scope& scope, runtime::Publication publication) = 0;
    // Answered by Connection::answered, or by service_failed. When the connection has ended meanwhile its replies are nobody's;
    // what the call is to publish is published all the same.
    virtual void call(Connection& connection, runtime::TopicService& service, runtime::TopicCall call) = 0;
    // The connection ends with these still waiting for the one that runs: they follow it in their order, unanswered.
    virtual void finish_calls_of(Connection& connection, std::deque<ServiceCall> calls) = 0;
    // False: the stream is being opened; Connection::resume follows.
    virtual bool answer_stream(Connection& connection, const streams::BlockRequest& request, streams::BlockSink& sink) = 0;

    // It has output, wants to read again, or wants to be closed: looked at after the current round.
    virtual void wake(Connection& connection) = 0;
};

}  // namespace otabahn::gateway
