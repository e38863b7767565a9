# SPDX-License-Identifier: Apache-2.0
"""The real AWS CRT (python3-awscrt) at the gateway, in MQTT 3.1.1 and 5: what a client that AWS itself wrote makes of it."""
import concurrent.futures
import json

import pytest
from awscrt import io, mqtt, mqtt5

from mqtt_client import Identity
from raw_mqtt import address_of

NARROW = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"},
    {"Effect": "Allow", "Action": ["iot:Publish", "iot:Receive"], "Resource": "arn:aws:iot:*:*:topic/allowed/*"},
    {"Effect": "Allow", "Action": "iot:Subscribe", "Resource": "arn:aws:iot:*:*:topicfilter/allowed/*"}]})
AT_LEAST_ONCE = mqtt.QoS.AT_LEAST_ONCE


@pytest.fixture(scope="module")
def identity(server, tmp_path_factory):
    return Identity(server, tmp_path_factory.mktemp("identity"), "crt")


@pytest.fixture(scope="module")
def narrow(server, tmp_path_factory):
    return Identity(server, tmp_path_factory.mktemp("narrow"), "crt-narrow", NARROW)


def tls_options(identity):
    options = io.TlsContextOptions.create_client_with_mtls_from_path(str(identity.certificate), str(identity.key))
    options.override_default_trust_store_from_path(None, identity.server.endpoints["caFile"])
    return options


class Three:
    """MQTT 3.1.1."""

    def __init__(self, identity, client_id: str, **options):
        self.resumed, self.lost = concurrent.futures.Future(), concurrent.futures.Future()
        _, port = address_of(identity.server)
        self.connection = mqtt.Connection(
            client=mqtt.Client(io.ClientBootstrap.get_or_create_static_default(), io.ClientTlsContext(tls_options(identity))), host_name="localhost",
            port=port, client_id=client_id, keep_alive_secs=60, ping_timeout_ms=3000, reconnect_min_timeout_secs=1, reconnect_max_timeout_secs=1,
            on_connection_interrupted=lambda **given: self.lost.done() or self.lost.set_result(given["error"]), **options)
        self.connack = self.connection.connect().result(15)

    def close(self):
        self.connection.disconnect().result(15)


class Five:
    """MQTT 5. One that is collected while it runs brings the process down, so a test that fails must not do that to the others."""

    kept = []

    def __init__(self, identity, client_id: str, expect_failure: bool = False, **connect):
        self.messages, self.success, self.failure, self.stopped, self.lost = (concurrent.futures.Future() for _ in range(5))
        _, port = address_of(identity.server)
        first = lambda future: lambda data=None: future.done() or future.set_result(data)
        self.client = mqtt5.Client(mqtt5.ClientOptions(
            host_name="localhost", port=port, tls_ctx=io.ClientTlsContext(tls_options(identity)),
            connect_options=mqtt5.ConnectPacket(client_id=client_id, keep_alive_interval_sec=60, **connect),
            on_publish_callback_fn=first(self.messages), on_lifecycle_event_connection_success_fn=first(self.success),
            on_lifecycle_event_connection_failure_fn=first(self.failure), on_lifecycle_event_disconnection_fn=first(self.lost),
            on_lifecycle_event_stopped_fn=first(self.stopped)))
        Five.kept.append(self.client)
        self.client.start()
        (self.failure if expect_failure else self.success).result(15)

    def close(self):
        self.client.stop()
        self.stopped.result(15)


def test_mqtt_3_publishes_subscribes_and_keeps_a_session(identity):
    sender = Three(identity, "crt3-sender", clean_session=True)
    away = Three(identity, "crt3-away", clean_session=False)
    assert away.connack["session_present"] is False
    subscribed, _ = away.connection.subscribe("crt3/t", AT_LEAST_ONCE)
    assert subscribed.result(15)["qos"] == AT_LEAST_ONCE
    away.close()
    sender.connection.publish("crt3/t", "while away", AT_LEAST_ONCE)[0].result(15)
    heard = concurrent.futures.Future()
    _, port = address_of(identity.server)
    again = mqtt.Connection(client=mqtt.Client(io.ClientBootstrap.get_or_create_static_default(), io.ClientTlsContext(tls_options(identity))),
                            host_name="localhost", port=port, client_id="crt3-away", clean_session=False, keep_alive_secs=60, ping_timeout_ms=3000)
    again.on_message(lambda topic, payload, **_: heard.done() or heard.set_result((topic, payload)))
    assert again.connect().result(15)["session_present"] is True
    assert heard.result(15) == ("crt3/t", b"while away")
    again.disconnect().result(15)
    sender.close()


def test_mqtt_3_denied_subscription_costs_the_connection(narrow):
    client = Three(narrow, "crt3-denied", clean_session=True)
    client.connection.subscribe("denied/t", AT_LEAST_ONCE)
    assert client.lost.result(15) is not None
    client.close()


def test_mqtt_3_will_goes_out_when_the_client_is_taken_over(identity):
    heir, heard = Three(identity, "crt3-heir", clean_session=True), concurrent.futures.Future()
    heir.connection.subscribe("crt3/will", AT_LEAST_ONCE, lambda topic, payload, **_: heard.done() or heard.set_result(payload))[0].result(15)
    first = Three(identity, "crt3-twin", clean_session=True, will=mqtt.Will("crt3/will", AT_LEAST_ONCE, b"gone", False))
    second = Five(identity, "crt3-twin")
    assert heard.result(15) == b"gone"
    second.close()
    first.connection.disconnect()
    heir.close()


def test_mqtt_5_negotiates_what_aws_announces(identity):
    client = Five(identity, "crt5-settings", session_expiry_interval_sec=999_999)
    data = client.success.result()
    settings = data.negotiated_settings
    assert (settings.maximum_qos, settings.receive_maximum_from_server, settings.maximum_packet_size_to_server) == (mqtt5.QoS.AT_LEAST_ONCE, 100, 149504)
    assert (settings.session_expiry_interval_sec, settings.server_keep_alive_sec, settings.topic_alias_maximum_to_server) == (3600, 60, 8)
    assert settings.retain_available and settings.wildcard_subscriptions_available and not settings.subscription_identifiers_available
    client.close()


def test_mqtt_5_assigns_a_client_id(identity):
    client = Five(identity, "")
    assert client.success.result().connack_packet.assigned_client_identifier
    client.close()


def test_mqtt_5_carries_every_property_of_a_message(identity):
    client = Five(identity, "crt5-properties")
    suback = client.client.subscribe(mqtt5.SubscribePacket(subscriptions=[mqtt5.Subscription(topic_filter="crt5/t", qos=mqtt5.QoS.AT_LEAST_ONCE)])).result(15)
    assert suback.reason_codes == [mqtt5.SubackReasonCode.GRANTED_QOS_1]
    done = client.client.publish(mqtt5.PublishPacket(
        topic="crt5/t", payload=b"hello", qos=mqtt5.QoS.AT_LEAST_ONCE, response_topic="crt5/answer", correlation_data=b"7", content_type="text/plain",
        payload_format_indicator=mqtt5.PayloadFormatIndicator.AWS_MQTT5_PFI_UTF8, message_expiry_interval_sec=60,
        user_properties=[mqtt5.UserProperty(name="k", value="1"), mqtt5.UserProperty(name="k", value="2")])).result(15)
    assert done.puback.reason_code == mqtt5.PubackReasonCode.SUCCESS
    got = client.messages.result(15).publish_packet
    assert (got.payload, got.response_topic, got.content_type) == (b"hello", "crt5/answer", "text/plain")
    assert [(each.name, each.value) for each in got.user_properties] == [("k", "1"), ("k", "2")]
    assert got.message_expiry_interval_sec <= 60
    client.close()


def test_mqtt_5_refusals_have_their_codes_and_leave_the_connection_open(narrow):
    client = Five(narrow, "crt5-denied")
    suback = client.client.subscribe(mqtt5.SubscribePacket(subscriptions=[
        mqtt5.Subscription(topic_filter="allowed/t", qos=mqtt5.QoS.AT_LEAST_ONCE), mqtt5.Subscription(topic_filter="denied/t", qos=mqtt5.QoS.AT_LEAST_ONCE)])).result(15)
    assert suback.reason_codes == [mqtt5.SubackReasonCode.GRANTED_QOS_1, mqtt5.SubackReasonCode.NOT_AUTHORIZED]
    assert "iot:Subscribe" in suback.reason_string
    # What a denied PUBACK carries this version of the CRT's binding does not pass on; that the connection stays, it does.
    publish = lambda topic: client.client.publish(mqtt5.PublishPacket(topic=topic, payload=b"x", qos=mqtt5.QoS.AT_LEAST_ONCE)).result(15)
    publish("denied/t")
    publish("allowed/t")
    assert not client.lost.done()
    client.close()


def test_mqtt_5_refused_connect_says_why(identity):
    client = Five(identity, "$reserved", expect_failure=True)
    assert client.failure.result().connack_packet.reason_code == mqtt5.ConnectReasonCode.CLIENT_IDENTIFIER_NOT_VALID
    client.close()


def test_mqtt_5_takeover_is_told(identity):
    first = Five(identity, "crt5-twin")
    second = Five(identity, "crt5-twin")
    assert first.lost.result(15).disconnect_packet.reason_code == mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER
    first.close()
    second.close()
