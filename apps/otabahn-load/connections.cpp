// SPDX-License-Identifier: Apache-2.0
#include "apps/otabahn-load/connections.hpp"

#include "apps/otabahn-load/crowd.hpp"
#include "apps/otabahn-load/watch.hpp"

#include <array>
#include <cstdio>

namespace otabahn::load {
namespace {

constexpr std::chrono::milliseconds settle_down{500}, warm_up{500};
constexpr std::size_t step = 7919;  // a prime: the next one is far away in anybody's memory

struct Round {
    std::size_t members = 0;
    std::uint64_t messages = 0;
};

std::string topic_of(std::size_t number) { return "bench/round/" + std::to_string(number); }

class Member final : public MqttTalk {
  public:
    Member(std::string client_id, std::size_t number, Round& round) : MqttTalk(std::move(client_id)), number_(number), round_(round) {}
    bool ready() const { return ready_; }
    void join(Wire& wire) {
        ready_ = false;
        subscribe(wire, topic_of(number_));
    }
    void pass_on(Wire& wire) {
        static const std::array<std::uint8_t, 100> payload{};
        publish(wire, topic_of((number_ + step) % round_.members), payload);
    }

  private:
    void connected(Wire&) override { ready_ = true; }
    void subscribed(Wire&) override { ready_ = true; }
    void message(Wire& wire, std::string_view, ByteView, std::size_t) override {
        ++round_.messages;
        pass_on(wire);
    }
    std::size_t number_;
    Round& round_;
    bool ready_ = false;
};

}  // namespace

Result<void> open_connections(const OpenConnections& wanted) {
    auto target = load_target(wanted.bundle, wanted.endpoint);
    if (!target) return Unexpected(target.error());
    Watch watch(wanted.servers);
    if (auto checked = watch.check(); !checked) return checked;
    Round round{.members = wanted.connections};
    Crowd<Member> crowd(*target);
    for (std::size_t i = 0; i < wanted.connections; ++i) crowd.add("crowd-" + std::to_string(i), i, round);

    const double resident = watch.resident_bytes();
    watch.begin();
    if (auto opened = crowd.open(wanted.at_once); !opened) return opened;
    const Usage accepting = watch.end();
    if (auto settled = crowd.run_for(settle_down); !settled) return settled;
    std::printf("{\"connections\": %zu, %s, \"residentBytesEach\": %.0f", wanted.connections, to_json(accepting).c_str(),
                (watch.resident_bytes() - resident) / static_cast<double>(wanted.connections));

    if (wanted.round_seconds > 0) {
        for (std::size_t i = 0; i < crowd.size(); ++i) crowd.talk(i).join(crowd.wire(i));
        for (std::size_t i = 0; i < crowd.size(); ++i)
            if (auto joined = crowd.run_until([&] { return crowd.talk(i).ready(); }); !joined) return joined;
        for (std::size_t i = 0; i < wanted.under_way; ++i) {
            const std::size_t first = i * crowd.size() / wanted.under_way;
            crowd.talk(first).pass_on(crowd.wire(first));
        }
        if (auto warm = crowd.run_for(warm_up); !warm) return warm;
        round.messages = 0;
        watch.begin();
        if (auto ran = crowd.run_for(std::chrono::duration<double>(wanted.round_seconds)); !ran) return ran;
        const Usage usage = watch.end();
        std::printf(", \"round\": {\"messages\": %llu, %s}", static_cast<unsigned long long>(round.messages), to_json(usage).c_str());
    }
    std::printf("}\n");
    return {};
}

}  // namespace otabahn::load
