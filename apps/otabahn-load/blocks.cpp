// SPDX-License-Identifier: Apache-2.0
#include "apps/otabahn-load/blocks.hpp"

#include "apps/otabahn-load/crowd.hpp"
#include "apps/otabahn-load/watch.hpp"
#include "otawire/stream_answer.hpp"
#include "otawire/stream_request.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <deque>

namespace otabahn::load {
namespace {

constexpr std::chrono::milliseconds warm_up{300};

std::string topic_of(std::string_view thing, std::string_view stream, otawire::StreamVerb verb) {
    std::array<char, otawire::longest_stream_topic> room{};
    return std::string(
        otawire::format_stream_topic({.thing = thing, .stream = stream, .verb = verb, .format = otawire::Format::cbor}, room).value_or(""));
}

// What all devices count into, while it is measured.
struct Counters {
    bool counting = false;
    std::uint64_t blocks = 0, bytes = 0;
    std::vector<float> milliseconds;  // a request each
};

// `in_flight` requests are always under way; a block's bytes are counted, not kept.
class Fetcher final : public MqttTalk {
  public:
    Fetcher(const FetchBlocks& wanted, const std::string& thing, Counters& counters)
        : MqttTalk(thing),
          wanted_(wanted),
          counters_(counters),
          get_(topic_of(thing, wanted.stream, otawire::StreamVerb::get)),
          data_(topic_of(thing, wanted.stream, otawire::StreamVerb::data)),
          rejected_(topic_of(thing, wanted.stream, otawire::StreamVerb::rejected)),
          blocks_in_file_(static_cast<std::uint32_t>(wanted.file_size / wanted.block_size)) {}

    bool ready() const { return subscriptions_ == 2; }
    void ask(Wire& wire) {
        if (next_ + wanted_.per_request > blocks_in_file_) next_ = 0;
        otawire::GetStreamRequest request;
        request.block_size = wanted_.block_size;
        request.offset = next_;
        request.count = wanted_.per_request;
        next_ += wanted_.per_request;
        std::array<std::uint8_t, 128> room{};
        const auto payload = otawire::encode_get(request, otawire::Format::cbor, room);
        if (!payload) return fail_with("A request does not fit its room.");
        publish(wire, get_, *payload);
        asked_.push_back(Clock::now());
    }

  private:
    void connected(Wire& wire) override {
        subscribe(wire, data_);
        subscribe(wire, rejected_);
    }
    void subscribed(Wire&) override { ++subscriptions_; }
    void message(Wire& wire, std::string_view topic, ByteView payload, std::size_t size) override {
        if (topic != data_ || size < wanted_.block_size) return fail_with("The service refused: " + std::string(as_text(payload)));
        if (counters_.counting) {
            ++counters_.blocks;
            counters_.bytes += wanted_.block_size;
        }
        if (++came_ != wanted_.per_request) return;
        came_ = 0;
        if (counters_.counting)
            counters_.milliseconds.push_back(std::chrono::duration<float, std::milli>(Clock::now() - asked_.front()).count());
        asked_.pop_front();
        ask(wire);
    }

    const FetchBlocks& wanted_;
    Counters& counters_;
    std::string get_, data_, rejected_;
    std::uint32_t blocks_in_file_, next_ = 0, came_ = 0;
    int subscriptions_ = 0;
    std::deque<Clock::time_point> asked_;
};

double percentile(std::vector<float>& of, double part) {
    if (of.empty()) return 0;
    const auto place = of.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(of.size() - 1));
    std::nth_element(of.begin(), place, of.end());
    return static_cast<double>(*place);
}

class Responder final : public MqttTalk {
  public:
    Responder() : MqttTalk("responder") {}
    bool ready() const { return ready_; }

  private:
    void connected(Wire& wire) override { subscribe(wire, "$aws/things/+/streams/+/get/cbor"); }
    void subscribed(Wire&) override { ready_ = true; }
    void message(Wire& wire, std::string_view topic_text, ByteView payload, std::size_t) override {
        const auto topic = otawire::parse_stream_topic(topic_text);
        std::array<std::uint8_t, 256> scratch{};
        const auto request = otawire::decode_get(payload, otawire::Format::cbor, scratch);
        if (!topic || !request) return fail_with("A request cannot be read.");
        const auto data = topic_of(topic->thing, topic->stream, otawire::StreamVerb::data);
        for (std::uint32_t i = 0; i < request->count.value_or(1); ++i) {
            const auto head = otawire::encode_data_head({.file = 0, .block = request->offset + i, .size = request->block_size}, block_);
            if (!head) return fail_with("A head does not fit its room.");
            const std::size_t size = head->size() + request->block_size;
            block_[size] = 0xff;  // the tail
            publish(wire, data, ByteView(block_).first(size + 1));
            block_[size] = 0x5a;
        }
    }
    bool ready_ = false;
    std::vector<std::uint8_t> block_ = std::vector<std::uint8_t>(200'000, 0x5a);
};

}  // namespace

Result<void> fetch_blocks(const FetchBlocks& wanted) {
    auto target = load_target(wanted.bundle, wanted.endpoint);
    if (!target) return Unexpected(target.error());
    Watch watch(wanted.servers);
    if (auto checked = watch.check(); !checked) return checked;
    Counters counters;
    Crowd<Fetcher> crowd(*target);
    for (std::uint32_t i = 0; i < wanted.devices; ++i) crowd.add(wanted, target->thing + "-" + std::to_string(i), counters);
    if (auto opened = crowd.open(); !opened) return opened;
    for (std::size_t i = 0; i < crowd.size(); ++i)
        for (std::uint32_t request = 0; request < wanted.in_flight; ++request) crowd.talk(i).ask(crowd.wire(i));
    if (auto warm = crowd.run_for(warm_up); !warm) return warm;
    counters.counting = true;
    watch.begin();
    if (auto ran = crowd.run_for(std::chrono::duration<double>(wanted.seconds)); !ran) return ran;
    const Usage usage = watch.end();
    auto& took = counters.milliseconds;
    std::printf("{\"blocks\": %llu, \"bytes\": %llu, %s, \"requests\": %zu, \"medianMilliseconds\": %.3f, \"p99Milliseconds\": %.3f}\n",
                static_cast<unsigned long long>(counters.blocks), static_cast<unsigned long long>(counters.bytes), to_json(usage).c_str(),
                took.size(), percentile(took, 0.5), percentile(took, 0.99));
    return {};
}

Result<void> respond(const Respond& wanted) {
    auto target = load_target(wanted.bundle, wanted.endpoint);
    if (!target) return Unexpected(target.error());
    Crowd<Responder> crowd(*target);
    crowd.add();
    if (auto opened = crowd.open(); !opened) return opened;
    std::printf("ready\n");
    std::fflush(stdout);
    return crowd.run_until([] { return false; });
}

}  // namespace otabahn::load
