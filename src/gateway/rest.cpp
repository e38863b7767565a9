// SPDX-License-Identifier: Apache-2.0
#include "gateway/rest.hpp"

#include "api/iot-data.hpp"
#include "gateway/gateway.hpp"

#include <utility>

namespace otabahn::gateway {
namespace {

using awsapi::Caller;
using awsapi::Outcome;
namespace data = api::iot_data;

Unexpected<awsapi::ServiceError> refuse(const Error& error) { return Unexpected(awsapi::to_service_error("iot-data", error)); }

}  // namespace

// The actions are iot's, as over MQTT.
void bind_rest(awsapi::Operations& operations, access::Access& access, std::function<Gateway&()> gateway) {
    operations.bind<data::Publish>([&access, gateway](const Caller& caller, const data::PublishRequest& in) -> Outcome<api::Nothing> {
        const std::string resource = caller.scope.arn("iot", "topic/" + in.topic);
        if (auto allowed = access.check_caller(caller, "iot:Publish", resource); !allowed) return refuse(allowed.error());
        if (in.retain.value_or(false))
            if (auto allowed = access.check_caller(caller, "iot:RetainPublish", resource); !allowed) return refuse(allowed.error());
        if (auto published = gateway().publish(caller.scope, in); !published) return refuse(published.error());
        return api::Nothing{};
    });
    operations.bind<data::DeleteConnection>(
        [&access, gateway](const Caller& caller, const data::DeleteConnectionRequest& in) -> Outcome<api::Nothing> {
            const std::string resource = caller.scope.arn("iot", "client/" + in.client_id);
            if (auto allowed = access.check_caller(caller, "iot:DeleteConnection", resource); !allowed) return refuse(allowed.error());
            const Departure how{in.clean_session.value_or(false), in.prevent_will_message.value_or(false)};
            if (auto gone = gateway().disconnect(caller.scope, in.client_id, how); !gone) return refuse(gone.error());
            return api::Nothing{};
        });
}

}  // namespace otabahn::gateway
