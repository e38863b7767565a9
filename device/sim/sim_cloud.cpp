// SPDX-License-Identifier: Apache-2.0
#include "device/sim/sim_cloud.hpp"

#include "encoding/json.hpp"
#include "otawire/block_selection.hpp"
#include "otawire/stream_answer.hpp"
#include "otawire/stream_request.hpp"

#include <array>

namespace otabahn::device::sim {

namespace {
std::string member(std::string_view payload, std::string_view name) {
    encoding::JsonReader in(payload);
    if (!in.enter_object()) return {};
    for (encoding::JsonString key; in.next_member(key);) {
        encoding::JsonString value;
        if (key.equals(name) && in.read_string(value)) return std::string(value.raw());
    }
    return {};
}
}  // namespace

void SimCloud::give_job(std::string id, std::string document) {
    job_ = std::move(id);
    document_ = std::move(document);
    status_ = "QUEUED";
    ++queued_at_;
    publish_next();
}

void SimCloud::cancel_job() {
    status_ = "CANCELED";
    publish_next();
}

std::string SimCloud::execution() const {
    if (over()) return R"({"timestamp":1})";
    return R"({"timestamp":1,"execution":{"jobId":")" + job_ + R"(","status":")" + status_ + R"(","queuedAt":)" +
           std::to_string(queued_at_) + R"(,"lastUpdatedAt":1,"versionNumber":1,"executionNumber":1,"jobDocument":)" + document_ + "}}";
}

void SimCloud::answer(std::string topic, std::string payload) { to_device.push_back({std::move(topic), std::move(payload)}); }

void SimCloud::publish_next() { answer("$aws/things/" + thing_ + "/jobs/notify-next", execution()); }

void SimCloud::receive(std::string_view topic, std::string_view payload) {
    const std::string jobs = "$aws/things/" + thing_ + "/jobs/";
    if (topic == jobs + "$next/get") return answer(jobs + "$next/get/accepted", execution());
    if (topic == jobs + job_ + "/update") {
        const std::string token = member(payload, "clientToken"), status = member(payload, "status");
        if (swallow_updates > 0) {
            --swallow_updates;
            return;
        }
        updates.push_back({status, std::string(payload)});
        if (over() || (status_ == "IN_PROGRESS" && status == "REJECTED"))
            return answer(std::string(topic) + "/rejected",
                          R"({"clientToken":")" + token + R"(","timestamp":1,"code":"InvalidStateTransition","message":"it has ended"})");
        status_ = status;
        answer(std::string(topic) + "/accepted", R"({"clientToken":")" + token + R"(","timestamp":1})");
        if (over()) publish_next();
        return;
    }
    if (topic.starts_with(jobs) && topic.ends_with("/update"))
        return answer(std::string(topic) + "/rejected", R"({"clientToken":")" + member(payload, "clientToken") +
                                                            R"(","timestamp":1,"code":"ResourceNotFound","message":"no such execution"})");
    const std::string stream = "$aws/things/" + thing_ + "/streams/" + stream_ + "/";
    if (topic != stream + "get/cbor") return;
    ++requests;
    if (silent_stream) return;
    std::vector<std::uint8_t> scratch(otawire::bitmap_scratch(otawire::aws_limits));
    const auto request = otawire::decode_get(as_bytes(payload), otawire::Format::cbor, scratch);
    std::array<std::uint8_t, 1'024> out{};
    const auto reject = [&](otawire::StreamRefusal refusal) {
        const auto encoded = otawire::encode_rejection(refusal, otawire::Format::cbor, out);
        answer(stream + "rejected/cbor", std::string(as_text(*encoded)));
    };
    if (!request) return reject(request.error());
    if (!reject_stream_with.empty())
        return reject(otawire::refuse(*otawire::find_stream_error(reject_stream_with), request->token, "as the test wants it"));
    auto selection = otawire::BlockSelection::of(*request, file_.size());
    if (!selection) return reject(otawire::refuse(otawire::StreamError::invalid_request, request->token));
    while (const auto block = selection->next()) {
        ++served[block->number];
        const auto head = otawire::encode_data_head({request->token, request->file, block->number, block->size}, out);
        std::string message(as_text(*head));
        message.append(as_text({file_.data() + block->position, block->size})).append(otawire::data_tail());
        answer(stream + "data/cbor", std::move(message));
    }
}

}  // namespace otabahn::device::sim
