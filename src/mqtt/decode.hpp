// SPDX-License-Identifier: Apache-2.0
// A frame's body into its packet, or the reason why it is none. Both sides of the wire: what a server and what a client reads.
#pragma once

#include "base/result.hpp"
#include "mqtt/frame.hpp"
#include "mqtt/packet.hpp"

namespace otabahn::mqtt {

template <class T>
using Decoded = Result<T, DecodeError>;

Decoded<Connect> decode_connect(const Frame& frame);
Decoded<Connack> decode_connack(const Frame& frame, Version version);
Decoded<Publish> decode_publish(const Frame& frame, Version version);
Decoded<Puback> decode_puback(const Frame& frame, Version version);
Decoded<Subscribe> decode_subscribe(const Frame& frame, Version version);
Decoded<Suback> decode_suback(const Frame& frame, Version version);
Decoded<Unsubscribe> decode_unsubscribe(const Frame& frame, Version version);
Decoded<Unsuback> decode_unsuback(const Frame& frame, Version version);
Decoded<Disconnect> decode_disconnect(const Frame& frame, Version version);
// PINGREQ and PINGRESP carry nothing.
Result<void, DecodeError> decode_empty(const Frame& frame, Version version);

}  // namespace otabahn::mqtt
