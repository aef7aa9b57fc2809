//! Which key protects a direction's records now, and which one comes next.

use super::cipher::Opener;
use super::half::{Epoch, Keys, Negotiated, Protection};
use super::key_schedule::{Secret, key_block, next_traffic_secret, traffic_keys};
use super::keylog::{KeyLog, SecretLabel};
use super::limits::MAX_PASSED_OVER;
use super::outcome::{EarlyData, OutcomeKind, PlaintextSink};
use super::session::{Context, Session};
use super::suite::ProtocolVersion;
use crate::net::Direction;

impl Session {
    pub(super) fn change_cipher_spec<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
    ) {
        match self.negotiated {
            Some(negotiated) if negotiated.version < ProtocolVersion::TLS_1_3 => {
                if let Some(keys) = self.tls12_keys(cx, direction) {
                    let half = &mut self.halves[direction.index()];
                    half.protection = Protection::Keyed(Box::new(keys));
                    half.joiner.reset();
                    half.is_deaf = false;
                }
            }
            // Sent around a HelloRetryRequest for the sake of middleboxes.
            _ => {}
        }
    }

    /// Keys of TLS 1.2 and before; reports and stops when there is no secret.
    pub(super) fn tls12_keys<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
    ) -> Option<Keys> {
        let negotiated = self.negotiated?;
        let random = negotiated.client_random;
        let Some(master) = cx.keylog.get(&random, SecretLabel::Master) else {
            self.stop_session(OutcomeKind::NoSecrets, cx.stamp, cx.sink);
            return None;
        };
        let Negotiated {
            version,
            bulk,
            hash,
            server_random,
            encrypt_then_mac,
            ..
        } = negotiated;
        let [client, server] = key_block(version, bulk, hash, master, &random.0, &server_random);
        let material = if self.client == Some(direction) {
            client
        } else {
            server
        };
        let opener = Opener::new(version, bulk, encrypt_then_mac, &material)?;
        Some(Keys::new(Epoch::Application, opener, None))
    }

    /// Turns [`Protection::Pending`] into keys; false if the direction had to be stopped.
    pub(super) fn ensure_keys<S: PlaintextSink>(
        &mut self,
        cx: &mut Context<'_, S>,
        direction: Direction,
    ) -> bool {
        let Protection::Pending(epoch) = self.halves[direction.index()].protection else {
            return true;
        };
        let is_client = self.client == Some(direction);
        let mut keys = self.tls13_keys(cx.keylog, direction, epoch);
        if keys.is_none() && epoch == Epoch::Early {
            self.report(
                OutcomeKind::EarlyDataNotRead,
                Some(direction),
                cx.stamp,
                cx.sink,
            );
            keys = self.tls13_keys(cx.keylog, direction, Epoch::Handshake);
        }
        if keys.is_none() && epoch != Epoch::Application {
            // Without its secret the rest of the handshake fails to open, and is passed over.
            keys = self.tls13_keys(cx.keylog, direction, Epoch::Application);
        }
        let Some(mut keys) = keys else {
            if self
                .negotiated
                .is_some_and(|negotiated| cx.keylog.knows(&negotiated.client_random))
            {
                self.stop(OutcomeKind::NoSecrets, direction, cx.stamp, cx.sink);
            } else {
                self.stop_session(OutcomeKind::NoSecrets, cx.stamp, cx.sink);
            }
            return false;
        };
        let has_rejected_data = is_client && self.info.early_data == EarlyData::NotAccepted;
        if keys.epoch != epoch || (epoch == Epoch::Handshake && has_rejected_data) {
            keys.may_pass_over = MAX_PASSED_OVER;
        }
        if !is_client && keys.epoch == Epoch::Application {
            self.decide_early_data(false, cx.stamp, cx.sink);
        }
        self.halves[direction.index()].protection = Protection::Keyed(Box::new(keys));
        true
    }

    pub(super) fn tls13_keys(
        &self,
        keylog: &KeyLog,
        direction: Direction,
        epoch: Epoch,
    ) -> Option<Keys> {
        let label = match (self.client == Some(direction), epoch) {
            (true, Epoch::Early) => SecretLabel::ClientEarlyTraffic,
            (true, Epoch::Handshake) => SecretLabel::ClientHandshakeTraffic,
            (true, Epoch::Application) => SecretLabel::ClientTraffic0,
            (false, Epoch::Application) => SecretLabel::ServerTraffic0,
            (false, _) => SecretLabel::ServerHandshakeTraffic,
        };
        let secret = Secret::new(keylog.get(&self.negotiated?.client_random, label)?)?;
        self.keys_of_secret(epoch, secret)
    }

    /// The keys after the ones in force: of the next epoch, or after a KeyUpdate.
    pub(super) fn next_keys(&self, keylog: &KeyLog, direction: Direction) -> Option<Keys> {
        match &self.halves[direction.index()].protection {
            Protection::Keyed(keys) => match keys.epoch {
                Epoch::Early => self.tls13_keys(keylog, direction, Epoch::Handshake),
                Epoch::Handshake => self.tls13_keys(keylog, direction, Epoch::Application),
                Epoch::Application => self.next_generation(direction),
            },
            _ => None,
        }
    }

    /// The keys after a KeyUpdate (RFC 8446 section 4.6.3).
    pub(super) fn next_generation(&self, direction: Direction) -> Option<Keys> {
        let Protection::Keyed(keys) = &self.halves[direction.index()].protection else {
            return None;
        };
        let secret = next_traffic_secret(self.negotiated?.hash, keys.secret.as_ref()?);
        self.keys_of_secret(keys.epoch, secret)
    }

    pub(super) fn keys_of_secret(&self, epoch: Epoch, secret: Secret) -> Option<Keys> {
        let Negotiated {
            version,
            bulk,
            hash,
            ..
        } = self.negotiated?;
        let opener = Opener::new(version, bulk, false, &traffic_keys(bulk, hash, &secret))?;
        Some(Keys::new(epoch, opener, Some(secret)))
    }
}
