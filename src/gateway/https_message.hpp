// SPDX-License-Identifier: Apache-2.0
// A message that somebody publishes by HTTPS (spec gateway 1.13): judged as an MQTT client's would be, made into the gateway's own
// form. Pure.
#pragma once

#include "api/iot-data.hpp"
#include "base/error.hpp"
#include "gateway/limits.hpp"
#include "gateway/message.hpp"
#include "gateway/topic_table.hpp"

namespace otabahn::gateway {

Result<Message> make_https_message(const Scope& scope, const api::iot_data::PublishRequest& request, const TopicTable& topics,
                                   const Limits& limits, Timestamp now);

}  // namespace otabahn::gateway
