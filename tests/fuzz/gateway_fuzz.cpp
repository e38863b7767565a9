// SPDX-License-Identifier: Apache-2.0
// Connections and sessions under any bytes: up to four clients, of which one and the same client id may be several, talk to a
// host without sockets. The input is a run of steps: one byte says who and what (send, lose the connection, advance the
// clock, let the services and the registry answer, take the output), then a length and that many bytes for a send.
#include "gateway/memory_host.hpp"

#include "runtime/log.hpp"

#include <cstdlib>

namespace {

using namespace otabahn;
using namespace otabahn::gateway;

class Echo final : public runtime::TopicService {
  public:
    bool fits(std::string_view topic) const override { return topic.starts_with("$aws/things/T/jobs/"); }
    runtime::TopicReplies call(const runtime::TopicCall& call) override { return {{call.topic + "/accepted", call.payload, call.qos}}; }
};

const AdmissionPtr& admission() {
    static const AdmissionPtr made = [] {
        constexpr std::string_view text =
            R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"},
                {"Effect":"Deny","Action":["iot:Publish","iot:Receive","iot:Subscribe"],"Resource":"arn:aws:iot:r:0:topic*/secret*"}]})";
        auto document = policy::parse(text, policy::Dialect::iot);
        if (!document) std::abort();
        return std::make_shared<const Admission>(Admission{Scope{AccountId::trusted("0"), Region::trusted("r")},
                                                           "cert",
                                                           "ACTIVE",
                                                           {{"P", *document}},
                                                           registry::ThingFacts{"T", "", {}, {}},
                                                           {}});
    }();
    return made;
}

// What goes out must be packets that a client can read.
void take_output(Connection& connection) {
    ByteView rest = connection.output().pending();
    while (!rest.empty()) {
        const auto scan = mqtt::scan_frame(rest, 1U << 28);
        if (scan.state != mqtt::FrameScan::State::complete) std::abort();
        rest = rest.subspan(scan.frame.size);
    }
    connection.output().clear();
    connection.resume();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool quiet = [] {
        spdlog::set_level(spdlog::level::off);
        return true;
    }();
    (void)quiet;
    Echo echo;
    MemoryHost host({&echo});
    host.admit = [](const std::string&, const std::string&) { return Result<AdmissionPtr>(admission()); };
    int streams = 0;
    host.stream = [&](const streams::BlockRequest& request, streams::BlockSink& sink) {
        if (++streams % 3 == 0) return false;
        sink.message("$aws/things/T/streams/S/data/json", request.payload);
        return true;
    };
    std::array<std::vector<std::uint8_t>, 4> pending;
    for (std::uint64_t id = 0; id < 4; ++id) host.connect(id + 1);

    const auto receive = [&](std::uint64_t client) {
        auto& connection = *host.find(client + 1);
        auto& bytes = pending[client];
        if (connection.ended()) return;
        const std::size_t used = connection.receive(bytes);
        if (used > bytes.size()) std::abort();
        bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(used));
        host.settle();
    };

    ByteView rest(data, size);
    while (!rest.empty()) {
        const std::uint8_t step = rest[0];
        rest = rest.subspan(1);
        const std::uint64_t client = step & 3;
        switch (step >> 2 & 7) {
            case 0:
                host.find(client + 1)->connection_lost("gone");
                pending[client].clear();
                host.connect(client + 1);
                break;
            case 1:
                host.clock += std::chrono::seconds(step >> 5) * 20;
                host.find(client + 1)->check_deadline();
                break;
            case 2:
                host.hold_calls = !host.hold_calls;
                break;
            case 3:
                host.finish_calls();
                receive(client);
                break;
            case 4:
                take_output(*host.find(client + 1));
                receive(client);
                break;
            default: {
                if (rest.empty()) break;
                const std::size_t length = std::min<std::size_t>(rest[0], rest.size() - 1);
                pending[client].insert(pending[client].end(), rest.begin() + 1, rest.begin() + 1 + static_cast<std::ptrdiff_t>(length));
                rest = rest.subspan(1 + length);
                receive(client);
                break;
            }
        }
        host.settle();
    }
    for (std::uint64_t id = 1; id <= 4; ++id) take_output(*host.find(id));
    return 0;
}
