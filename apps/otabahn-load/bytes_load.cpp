// SPDX-License-Identifier: Apache-2.0
#include "apps/otabahn-load/bytes_load.hpp"

#include "apps/otabahn-load/watch.hpp"
#include "apps/otabahn-load/wire.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>

namespace otabahn::load {
namespace {

constexpr std::chrono::milliseconds warm_up{300};

struct Counters {
    std::uint64_t bytes = 0, files = 0;
    std::string failure;
};

class Getter final : public Talk {
  public:
    Getter(const GetFiles& wanted, Counters& counters)
        : wanted_(wanted), counters_(counters), request_("GET " + wanted.path + " HTTP/1.1\r\nHost: localhost\r\n\r\n") {}

    void opened(Wire& wire) override {
        for (std::size_t i = 0; i < wanted_.in_flight; ++i) ask(wire);
    }
    std::size_t received(Wire& wire, ByteView bytes) override {
        std::size_t used = 0;
        while (used < bytes.size()) {
            const auto rest = bytes.subspan(used);
            if (body_left_ != 0) {
                const auto more = std::min(body_left_, rest.size());
                used += more;
                body_left_ -= more;
                if (body_left_ == 0) {
                    ++counters_.files;
                    counters_.bytes += wanted_.file_bytes;
                    ask(wire);
                }
                continue;
            }
            const auto text = as_text(rest);
            const auto end = text.find("\r\n\r\n");
            if (end == std::string_view::npos) break;
            if (!take_head(text.substr(0, end + 2))) return bytes.size();
            used += end + 4;
        }
        return used;
    }

  private:
    void ask(Wire& wire) { std::memcpy(wire.append(request_.size()).data(), request_.data(), request_.size()); }
    bool take_head(std::string_view head) {
        constexpr std::string_view length = "Content-Length: ";
        const auto at = head.find(length);
        if (head.starts_with("HTTP/1.1 200 ") && at != std::string_view::npos)
            std::from_chars(head.data() + at + length.size(), head.data() + head.size(), body_left_);
        if (body_left_ == wanted_.file_bytes) return true;
        counters_.failure = wanted_.path + " was answered by " + std::string(head.substr(0, head.find('\r')));
        return false;
    }

    const GetFiles& wanted_;
    Counters& counters_;
    std::string request_;
    std::size_t body_left_ = 0;
};

class Drainer final : public Talk {
  public:
    explicit Drainer(Counters& counters) : counters_(counters) {}
    // Whoever writes only after it was spoken to is spoken to.
    void opened(Wire& wire) override { wire.append(1)[0] = 0; }
    std::size_t received(Wire&, ByteView bytes) override {
        counters_.bytes += bytes.size();
        return bytes.size();
    }

  private:
    Counters& counters_;
};

template <class MakeTalk>
Result<void> measure(const std::string& endpoint, const std::vector<int>& servers, std::size_t connections, double seconds,
                     Counters& counters, MakeTalk make) {
    auto target = plain_target(endpoint);
    if (!target) return Unexpected(target.error());
    Watch watch(servers);
    if (auto checked = watch.check(); !checked) return checked;
    std::vector<std::unique_ptr<Talk>> talks;
    Reactor reactor;
    for (std::size_t i = 0; i < connections; ++i)
        if (auto wire = reactor.open(*target, *talks.emplace_back(make())); !wire) return Unexpected(wire.error());
    const auto run_for = [&](auto duration) -> Result<void> {
        const auto end = Clock::now() + duration;
        auto ran = reactor.run([&] { return !counters.failure.empty() || Clock::now() >= end; });
        if (ran && !counters.failure.empty()) return fail(ErrorCode::unavailable, endpoint + ": " + counters.failure, endpoint);
        return ran;
    };
    if (auto warm = run_for(warm_up); !warm) return warm;
    counters = {};
    watch.begin();
    if (auto ran = run_for(std::chrono::duration<double>(seconds)); !ran) return ran;
    const Usage usage = watch.end();
    std::printf("{\"files\": %llu, \"bytes\": %llu, %s}\n", static_cast<unsigned long long>(counters.files),
                static_cast<unsigned long long>(counters.bytes), to_json(usage).c_str());
    return {};
}

}  // namespace

Result<void> get_files(const GetFiles& wanted) {
    Counters counters;
    return measure(wanted.endpoint, wanted.servers, wanted.connections, wanted.seconds, counters,
                   [&] { return std::make_unique<Getter>(wanted, counters); });
}

Result<void> drain(const Drain& wanted) {
    Counters counters;
    return measure(wanted.endpoint, wanted.servers, wanted.connections, wanted.seconds, counters,
                   [&] { return std::make_unique<Drainer>(counters); });
}

}  // namespace otabahn::load
