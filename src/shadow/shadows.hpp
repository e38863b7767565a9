// SPDX-License-Identifier: Apache-2.0
// AWS IoT's Device Shadow service: classic and named shadows over MQTT and HTTPS, one implementation behind both. The program
// owns it and calls run_due every few seconds. Blocking: pool threads only.
#pragma once

#include "access/access.hpp"
#include "awsapi/operations.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/bus.hpp"
#include "runtime/clock.hpp"
#include "runtime/store.hpp"
#include "runtime/topics.hpp"
#include "shadow/document.hpp"
#include "shadow/limits.hpp"
#include "shadow/request.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::shadow {

class Shadows final : public runtime::TopicService {
  public:
    Shadows(runtime::Store& store, runtime::Bus& bus, const runtime::Clock& clock, access::Access& access, Limits limits = aws_limits);

    // What a client says on these topics is a publication too, and so is each answer: all is in `then`, nothing is for the
    // asker alone (spec gateway 3, 5.1).
    bool fits(std::string_view topic) const override;
    runtime::TopicReplies call(const runtime::TopicCall& call) override;

    void bind_rest(awsapi::Operations& operations);  // iot-data
    // Forgets the versions of shadows deleted long ago. Costs what is due.
    Result<void> run_due(Timestamp now);

  private:
    struct Answer {
        std::string payload;  // of …/accepted, and of REST
        std::vector<runtime::Publication> messages;
    };
    using Token = std::optional<std::string>;

    Result<Answer, Refusal> get(const Scope& scope, const ShadowName& name, const Token& token);
    Result<Answer, Refusal> update(const Scope& scope, const ShadowName& name, const Update& update);
    Result<Answer, Refusal> remove(const Scope& scope, const ShadowName& name, const Token& token);
    runtime::TopicReplies converse(const runtime::TopicCall& call, const TopicName& topic);

    runtime::Store& store_;
    runtime::Bus& bus_;
    const runtime::Clock& clock_;
    access::Access& access_;
    Limits limits_;
};

}  // namespace otabahn::shadow
