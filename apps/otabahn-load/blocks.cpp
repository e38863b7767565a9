// SPDX-License-Identifier: Apache-2.0
#include "apps/otabahn-load/blocks.hpp"

#include "apps/otabahn-load/mqtt_client.hpp"
#include "otawire/stream_answer.hpp"
#include "otawire/stream_request.hpp"

#include <sys/resource.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

namespace otabahn::load {

namespace {

using Clock = std::chrono::steady_clock;

std::string topic_of(std::string_view thing, std::string_view stream, otawire::StreamVerb verb) {
    std::array<char, otawire::longest_stream_topic> room{};
    return std::string(
        otawire::format_stream_topic({.thing = thing, .stream = stream, .verb = verb, .format = otawire::Format::cbor}, room).value_or(""));
}

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

struct Counters {
    std::atomic<std::uint64_t> blocks = 0, bytes = 0;
};

// One device: `in_flight` requests are always under way; a block's bytes are counted, not kept.
class Fetcher {
  public:
    Fetcher(const FetchBlocks& wanted, MqttClient client, const std::string& thing)
        : wanted_(wanted),
          client_(std::move(client)),
          get_(topic_of(thing, wanted.stream, otawire::StreamVerb::get)),
          blocks_in_file_(static_cast<std::uint32_t>(wanted.file_size / wanted.block_size)) {}

    Result<void> run(Clock::time_point begin, Clock::time_point end, Counters& counters) {
        for (std::uint32_t i = 0; i < wanted_.in_flight; ++i)
            if (auto asked = ask(); !asked) return asked;
        std::uint32_t owed = 0;
        for (;;) {
            if (!client_.has_packet())
                if (auto sent = client_.flush(); !sent) return sent;
            auto frame = client_.read();
            if (!frame) return Unexpected(frame.error());
            if (frame->type != mqtt::PacketType::publish) continue;
            const auto message = mqtt::decode_publish(*frame, mqtt::Version::v3_1_1);
            if (!message || message->topic.find("/data/") == std::string_view::npos)
                return fail(ErrorCode::invalid_request,
                            "The service refused: " + std::string(message ? as_text(message->payload) : "no PUBLISH"));
            const auto now = Clock::now();
            if (now >= end) return {};
            if (now >= begin) {
                counters.blocks.fetch_add(1, std::memory_order_relaxed);
                counters.bytes.fetch_add(wanted_.block_size, std::memory_order_relaxed);
            }
            if (++owed == wanted_.per_request) {
                owed = 0;
                if (auto asked = ask(); !asked) return asked;
            }
        }
    }

  private:
    Result<void> ask() {
        if (next_ + wanted_.per_request > blocks_in_file_) next_ = 0;
        otawire::GetStreamRequest request;
        request.block_size = wanted_.block_size;
        request.offset = next_;
        request.count = wanted_.per_request;
        next_ += wanted_.per_request;
        std::array<std::uint8_t, 128> room{};
        const auto payload = otawire::encode_get(request, otawire::Format::cbor, room);
        if (!payload) return fail(ErrorCode::internal, "A request does not fit its room.");
        return client_.publish(get_, *payload);
    }

    const FetchBlocks& wanted_;
    MqttClient client_;
    std::string get_;
    std::uint32_t blocks_in_file_, next_ = 0;
};

}  // namespace

Result<void> fetch_blocks(const FetchBlocks& wanted) {
    std::vector<Fetcher> fetchers;
    for (const auto& bundle : wanted.bundles) {
        auto identity = read_bundle(bundle);
        if (!identity) return Unexpected(identity.error());
        if (!wanted.endpoint.empty()) identity->endpoint = wanted.endpoint;
        auto client = MqttClient::connect(*identity, identity->thing);
        if (!client) return Unexpected(client.error());
        for (const auto verb : {otawire::StreamVerb::data, otawire::StreamVerb::rejected})
            if (auto done = client->subscribe(topic_of(identity->thing, wanted.stream, verb)); !done) return done;
        fetchers.emplace_back(wanted, std::move(*client), identity->thing);
    }
    Counters counters;
    // Half a second to warm up is not counted.
    const auto begin = Clock::now() + std::chrono::milliseconds(500);
    const auto end = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(wanted.seconds));
    const auto cpu_before = cpu_seconds();
    std::vector<Result<void>> outcomes(fetchers.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < fetchers.size(); ++i) threads.emplace_back([&, i] { outcomes[i] = fetchers[i].run(begin, end, counters); });
    for (auto& thread : threads) thread.join();
    for (auto& outcome : outcomes)
        if (!outcome) return outcome;
    std::printf("{\"blocks\": %llu, \"bytes\": %llu, \"seconds\": %.3f, \"clientCpuSeconds\": %.3f}\n",
                static_cast<unsigned long long>(counters.blocks.load()), static_cast<unsigned long long>(counters.bytes.load()),
                wanted.seconds, cpu_seconds() - cpu_before);
    return {};
}

Result<void> respond(const Respond& wanted) {
    auto identity = read_bundle(wanted.bundle);
    if (!identity) return Unexpected(identity.error());
    if (!wanted.endpoint.empty()) identity->endpoint = wanted.endpoint;
    auto client = MqttClient::connect(*identity, "responder");
    if (!client) return Unexpected(client.error());
    if (auto done = client->subscribe("$aws/things/+/streams/+/get/cbor"); !done) return done;
    std::printf("ready\n");
    std::fflush(stdout);
    std::vector<std::uint8_t> payload(200'000, 0x5a);
    for (;;) {
        if (!client->has_packet())
            if (auto sent = client->flush(); !sent) return sent;
        auto frame = client->read();
        if (!frame) return {};
        if (frame->type != mqtt::PacketType::publish) continue;
        const auto message = mqtt::decode_publish(*frame, mqtt::Version::v3_1_1);
        if (!message) continue;
        const auto topic = otawire::parse_stream_topic(message->topic);
        std::array<std::uint8_t, 256> scratch{};
        const auto request = otawire::decode_get(message->payload, otawire::Format::cbor, scratch);
        if (!topic || !request) continue;
        const auto data = topic_of(topic->thing, topic->stream, otawire::StreamVerb::data);
        for (std::uint32_t i = 0; i < request->count.value_or(1); ++i) {
            const auto head = otawire::encode_data_head({.file = 0, .block = request->offset + i, .size = request->block_size}, payload);
            if (!head) return fail(ErrorCode::internal, "A head does not fit its room.");
            payload[head->size() + request->block_size] = 0xff;  // the tail
            if (auto sent = client->publish(data, ByteView(payload).subspan(0, head->size() + request->block_size + 1)); !sent) return sent;
            payload[head->size() + request->block_size] = 0x5a;
        }
    }
}

}  // namespace otabahn::load
